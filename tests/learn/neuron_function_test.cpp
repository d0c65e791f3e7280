// The fused neuron under autograd against the plain loop of torch operations.
#include "learn/autograd/neuron_function.hpp"

#include "learn/neuron_reference.hpp"
#include "learn/testing.hpp"
#include "net/net.hpp"

namespace tern::learn {
namespace {

using kernels::Reset;
using kernels::SurrogateKind;

class NeuronFunction : public ::testing::TestWithParam<std::tuple<Reset, bool, bool, SurrogateKind>> {};

TEST_P(NeuronFunction, EqualsThePlainLoop) {
  kernels::NeuronParameters p;
  std::tie(p.reset, p.reset_delay, p.detach_reset, p.surrogate) = GetParam();
  p.decay = 0.75F;
  p.gain = 0.5F;
  p.offset = 0.05F;
  p.v_rest = p.v_reset = 0.1F;
  p.surrogate_alpha = 1.5F;
  const std::int64_t steps = 6;
  const at::Tensor x = random({steps * 3, 5, 4, 3}, 1) * 2, grad = random({steps * 3, 5, 4, 3}, 2);
  const at::Tensor fused_x = leaf(channels_last(x)), plain_x = leaf(x);
  const at::Tensor fused = neuron(fused_x, steps, p), plain = neuron_reference(plain_x, steps, p);
  EXPECT_EQ(distance(fused, plain), 0) << "spikes";
  EXPECT_GT(plain.sum().item<double>(), 10) << "a silent neuron proves nothing";
  fused.backward(grad);
  plain.backward(grad);
  const double largest = plain_x.grad().abs().max().item<double>();
  EXPECT_LT(distance(fused_x.grad(), plain_x.grad()), 2e-5 * std::max(1.0, largest));
}

INSTANTIATE_TEST_SUITE_P(
    Table, NeuronFunction,
    ::testing::Combine(::testing::Values(Reset::hard, Reset::soft, Reset::none), ::testing::Bool(), ::testing::Bool(),
                       ::testing::Values(SurrogateKind::atan, SurrogateKind::sigmoid, SurrogateKind::fast_sigmoid,
                                         SurrogateKind::superspike, SurrogateKind::softsign, SurrogateKind::triangle,
                                         SurrogateKind::piecewise_exp, SurrogateKind::boxcar)));

TEST(NeuronParameters, ComeFromTheNode) {
  net::Net net("test");
  net.add("x", "input", {}, {{"shape", 4}});
  net.add("n", "lif", {"x"}, {{"tau", 4.0}, {"reset", "soft"}, {"surrogate", "fast-sigmoid"}});
  const auto p = neuron_parameters(net.node("n"));
  EXPECT_FLOAT_EQ(p.decay, 0.75F);
  EXPECT_EQ(p.reset, Reset::soft);
  EXPECT_EQ(p.surrogate, SurrogateKind::fast_sigmoid);
  EXPECT_FLOAT_EQ(p.surrogate_alpha, 25.0F) << "0 takes the surrogate's default";
}

}  // namespace
}  // namespace tern::learn
