#include "compress/quantize/extreme/ttq.hpp"

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> ttq(const at::Tensor& weight) {
  QuantizerOptions options;
  options.bits = 2;
  return make_quantizer("ttq", options, weight);
}

TEST(Ttq, ByHand) {
  const at::Tensor w = at::tensor({2.0F, 1.0F, 0.1F, -0.05F, -0.2F, -0.4F});  // Delta = 0.1
  const auto q = ttq(w);
  EXPECT_NEAR(q->tensors().at("positive").item<double>(), 1.5, 1e-6);
  EXPECT_NEAR(q->tensors().at("negative").item<double>(), 0.3, 1e-6);
  EXPECT_LT(distance(q->quantize(w).detach(), at::tensor({1.5F, 1.5F, 0.F, 0.F, -0.3F, -0.3F})), 1e-6);
}

// Values are linear in Wp and Wn: finite differences see the true gradient.
TEST(Ttq, GradientsOfTheValuesByFiniteDifferences) {
  const at::Tensor w = random({200}, 1), g = random({200}, 2);
  const auto q = ttq(w);
  (q->quantize(w) * g).sum().backward();
  for (auto& [name, tensor] : q->tensors()) {
    const double gradient = tensor.grad().item<double>();
    const c10::NoGradGuard no_grad;
    at::Tensor value = tensor;
    value += 0.25;
    const double above = (q->quantize(w) * g).sum().item<double>();
    value -= 0.5;
    const double below = (q->quantize(w) * g).sum().item<double>();
    value += 0.25;
    EXPECT_NEAR(gradient, (above - below) / 0.5, 1e-4) << name;
    EXPECT_GT(std::abs(gradient), 0.1) << name;
  }
}

TEST(Ttq, LatentGradientsAreScaledByTheirValue) {
  const at::Tensor values = random({100}, 3), g = random({100}, 4), w = leaf(values);
  const auto q = ttq(values);
  const at::Tensor y = q->quantize(w);
  (y * g).sum().backward();
  const at::Tensor factor = at::where(y.detach().eq(0), at::ones({100}), y.detach().abs());
  EXPECT_LT(distance(w.grad(), g * factor), 1e-6);
}

TEST(Ttq, Pitfall9ValuesStayPositive) {
  const at::Tensor w = random({100}, 5);
  const auto q = ttq(w);
  {
    const c10::NoGradGuard no_grad;
    for (auto& [name, tensor] : q->tensors()) at::Tensor(tensor).fill_(-1);
  }
  q->project();
  for (auto& [name, tensor] : q->tensors()) EXPECT_GT(tensor.item<double>(), 0) << name;
}

}  // namespace
}  // namespace tern::compress
