#include "compress/quantize/extreme/binary.hpp"

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> quantizer(const std::string& name, const at::Tensor& weight) {
  QuantizerOptions options;
  options.bits = 1;
  return make_quantizer(name, options, weight);
}

TEST(Bnn, SignsWithAClippedStraightThroughGradient) {
  const at::Tensor w = leaf(at::tensor({-1.5F, -1.0F, -0.2F, 0.0F, 0.3F, 1.0F, 1.01F}));
  const at::Tensor g = at::tensor({1.F, 2.F, 3.F, 4.F, 5.F, 6.F, 7.F});
  const at::Tensor y = quantizer("bnn", w.detach())->quantize(w);
  (y * g).sum().backward();
  EXPECT_EQ(distance(y.detach(), at::tensor({-1.F, -1.F, -1.F, 1.F, 1.F, 1.F, 1.F})), 0);
  EXPECT_EQ(distance(w.grad(), at::tensor({0.F, 2.F, 3.F, 4.F, 5.F, 6.F, 0.F})), 0);
}

TEST(Xnor, ByHand) {
  const at::Tensor w = at::tensor({0.5F, -1.5F, 1.0F, -0.25F, 0.25F, -0.25F}).view({2, 3});
  const auto q = quantizer("xnor", w);
  EXPECT_LT(distance(q->quantize(w), at::tensor({1.F, -1.F, 1.F, -0.25F, 0.25F, -0.25F}).view({2, 3})), 1e-7);
  EXPECT_LT(distance(q->integers(w).scale, at::tensor({1.F, 0.25F})), 1e-7);
}

// Section 3.1 of the paper: no other scale, and no other signs, come nearer to the weights.
TEST(Xnor, ScaleHasTheLeastSquaredError) {
  const at::Tensor w = random({1, 200}, 1), q = quantizer("xnor", w)->quantize(w).detach();
  const double best = (w - q).square().sum().item<double>();
  for (const double factor : {0.9, 0.99, 1.01, 1.1}) EXPECT_LT(best, (w - q * factor).square().sum().item<double>());
}

TEST(Xnor, PrunedWeightsDoNotCountInTheMean) {
  const at::Tensor w = random({3, 40}, 2), q = quantizer("xnor", w)->integers(w).scale;
  const at::Tensor padded = at::cat({w, at::zeros({3, 60})}, 1);
  EXPECT_LT(distance(quantizer("xnor", padded)->integers(padded).scale, q), 1e-6);
}

// Outside [-1, 1] only alpha depends on the weights, so that the gradient is the true one.
TEST(Xnor, GradientThroughTheScaleByFiniteDifferences) {
  const at::Tensor values = random({2, 6}, 3) + 3 * random({2, 6}, 4).sign() , g = random({2, 6}, 5);
  const at::Tensor far = at::where(values.abs().gt(1.2), values, at::full_like(values, 1.5));
  const at::Tensor w = leaf(far);
  const auto q = quantizer("xnor", far);
  (q->quantize(w) * g).sum().backward();
  const double h = 1e-2;
  for (std::int64_t i = 0; i < far.numel(); ++i) {
    at::Tensor step = at::zeros({12});
    step[i] = h;
    step = step.view({2, 6});
    const double above = (q->quantize(far + step) * g).sum().item<double>();
    const double below = (q->quantize(far - step) * g).sum().item<double>();
    EXPECT_NEAR(w.grad().view(-1)[i].item<double>(), (above - below) / (2 * h), 1e-3);
  }
}

TEST(Xnor, InsideTheClipTheSignsGradientIsAdded) {
  const at::Tensor values = random({1, 8}, 6) * 0.3, g = random({1, 8}, 7), w = leaf(values);
  (quantizer("xnor", values)->quantize(w) * g).sum().backward();
  const double alpha = values.abs().mean().item<double>();
  const at::Tensor expected = g * alpha + values.sign() * (g * values.sign()).sum() / 8;
  EXPECT_LT(distance(w.grad(), expected), 1e-6);
}

}  // namespace
}  // namespace tern::compress
