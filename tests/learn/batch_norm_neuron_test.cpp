// Batch norm, alone and fused with a neuron, against torch's own batch norm and the plain neuron loop.
#include "learn/autograd/batch_norm_neuron.hpp"

#include "learn/neuron_reference.hpp"
#include "learn/testing.hpp"

namespace tern::learn {
namespace {

struct BatchNormTest : ::testing::Test {
  const std::int64_t steps = 5;
  at::Tensor x = random({steps * 4, 3, 6, 5}, 1) * 3 + 2, grad = random({steps * 4, 3, 6, 5}, 2);
  NormTensors make_norm() const {
    return {leaf(at::tensor({1.0F, 0.7F, 1.4F})), leaf(at::tensor({0.3F, 0.9F, 0.5F})), at::zeros({3}), at::ones({3})};
  }
  static at::Tensor torch_norm(const at::Tensor& src, const NormTensors& n, bool training) {
    return at::batch_norm(src, n.gamma, n.beta, n.running_mean, n.running_var, training, n.momentum, n.eps, false);
  }
};

TEST_F(BatchNormTest, AloneEqualsTorch) {
  const NormTensors ours = make_norm(), theirs = make_norm();
  const at::Tensor a = leaf(channels_last(x)), b = leaf(x);
  const at::Tensor dst = batch_norm(a, ours, true), expected = torch_norm(b, theirs, true);
  EXPECT_LT(distance(dst, expected), 1e-5);
  EXPECT_LT(distance(ours.running_mean, theirs.running_mean), 1e-6);
  EXPECT_LT(distance(ours.running_var, theirs.running_var), 1e-5);
  dst.backward(grad);
  expected.backward(grad);
  EXPECT_LT(distance(a.grad(), b.grad()), 1e-5);
  EXPECT_LT(distance(ours.gamma.grad(), theirs.gamma.grad()), 2e-4);
  EXPECT_LT(distance(ours.beta.grad(), theirs.beta.grad()), 2e-4);
  EXPECT_LT(distance(batch_norm(x, ours, false), torch_norm(x, theirs, false)), 1e-5);
}

TEST_F(BatchNormTest, FusedEqualsNormThenNeuron) {
  kernels::NeuronParameters p;
  p.decay = 0.5F;
  p.gain = 0.5F;
  const NormTensors ours = make_norm(), theirs = make_norm();
  const at::Tensor a = leaf(channels_last(x)), b = leaf(channels_last(x));
  const at::Tensor fused = batch_norm_neuron(a, steps, ours, p, true);
  const at::Tensor apart = neuron_reference(batch_norm(b, theirs, true), steps, p);
  EXPECT_EQ(distance(fused, apart), 0);
  EXPECT_GT(fused.sum().item<double>(), 10);
  fused.backward(grad);
  apart.backward(grad);
  EXPECT_LT(distance(a.grad(), b.grad()), 1e-5);
  EXPECT_LT(distance(ours.gamma.grad(), theirs.gamma.grad()), 2e-4);
  EXPECT_LT(distance(ours.beta.grad(), theirs.beta.grad()), 2e-4);
  EXPECT_EQ(distance(batch_norm_neuron(x, steps, ours, p, false), neuron_reference(batch_norm(x, ours, false), steps, p)), 0);
}

TEST_F(BatchNormTest, FlatFeaturesAreServedToo) {
  const NormTensors ours = make_norm(), theirs = make_norm();
  const at::Tensor flat = random({steps * 8, 3}, 3), a = leaf(flat), b = leaf(flat), g = random({steps * 8, 3}, 4);
  const at::Tensor dst = batch_norm(a, ours, true), expected = torch_norm(b, theirs, true);
  EXPECT_LT(distance(dst, expected), 1e-5);
  dst.backward(g);
  expected.backward(g);
  EXPECT_LT(distance(a.grad(), b.grad()), 1e-5);
}

}  // namespace
}  // namespace tern::learn
