#include "compress/quantize/lsq.hpp"

#include <cmath>

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

TEST(Lsq, StartsAtTwiceTheMeanOfKeptMagnitudes) {
  const at::Tensor w = random({4, 100}, 1) * at::tensor({0.0F, 1.0F}).repeat({4, 50});
  const double kept = w.abs().sum().item<double>() / w.ne(0).sum().item<double>();
  const auto q = make_quantizer("lsq", {.bits = 2}, w);
  EXPECT_NEAR(q->tensors().at("scale").item<double>(), 2 * kept / std::sqrt(1.0), 1e-5);
  const auto wide = make_quantizer("lsq", {.bits = 8}, w);
  EXPECT_NEAR(wide->tensors().at("scale").item<double>(), w.abs().max().item<double>() / 127, 1e-6)
      << "no wider than the weights";
}

// Section 2.2: the step's gradient is scaled by 1/sqrt(N Q_p), N being the elements that share it.
TEST(Lsq, GradientScaleOfTensorAndChannel) {
  const at::Tensor values = random({4, 50}, 2), g = random({4, 50}, 3);
  for (const char* per : {"tensor", "channel"}) {
    const auto q = make_quantizer(
        "lsq", {.bits = 3, .gradient = RoundingGradient::ste, .granularity = parse_granularity(per)}, values);
    (q->quantize(leaf(values)) * g).sum().backward();
    const at::Tensor s = q->tensors().at("scale").detach();
    const at::Tensor rows = rows_of(values, parse_granularity(per)), gradient = rows_of(g, parse_granularity(per));
    const at::Tensor u = rows / s.reshape({-1, 1}), c = u.clamp(-4, 3), code = c.round();
    const double shared = static_cast<double>(rows.size(1));
    const at::Tensor expected = (gradient * at::where(u == c, code - u, code)).sum(1) / std::sqrt(shared * 3);
    EXPECT_LT(distance(q->tensors().at("scale").grad().reshape({-1}), expected), 1e-4) << per;
  }
}

TEST(Lsq, ActivationGradientCountsOneSample) {
  const auto q = make_activation_quantizer("lsq", {.bits = 2}, {0.0, 1.5});
  EXPECT_NEAR(q->affine().scale, 0.5, 1e-6);
  const at::Tensor x = leaf(at::tensor({0.6F, 2.0F, -1.0F, 0.9F}).view({2, 2}));
  q->quantize(x).sum().backward();
  // u = 1.2, 4, -2, 1.8: codes 1 - 1.2, 3 (above), 0 (below), 2 - 1.8
  EXPECT_NEAR(q->tensors().at("scale").grad().item<double>(), (-0.2 + 3 + 0 + 0.2) / std::sqrt(2 * 3.0), 1e-5);
  EXPECT_EQ(distance(x.grad(), at::tensor({1.F, 0.F, 0.F, 1.F}).view({2, 2})), 0);
}

/// What an optimizer makes of the trained step.
void overwrite(const at::Tensor& scale, double value) {
  const c10::NoGradGuard no_grad;
  at::Tensor(scale).fill_(value);
}

// However large the gradient is, neither zero nor a grid on which everything is code 0 is reached in one update.
TEST(Lsq, Pitfall9OneUpdateChangesAStepByLittle) {
  const at::Tensor w = random({4, 50}, 4);
  for (const char* per : {"tensor", "channel"}) {
    const auto q = make_quantizer("lsq", {.bits = 8, .granularity = parse_granularity(per)}, w);
    const at::Tensor scale = q->tensors().at("scale"), start = scale.detach().clone();
    for (const auto& [asked, factor] : {std::pair{-3.0, 1 - largest_step_change}, {83.0, 1 + largest_step_change}}) {
      scale.detach().copy_(start);
      q->quantize(w);
      overwrite(scale, asked);
      q->project();
      EXPECT_LT(distance(scale.detach(), start * factor), 1e-7) << per << ", asked for " << asked;
      q->project();
      EXPECT_LT(distance(scale.detach(), start * factor), 1e-7) << "once for each forward pass";
    }
  }
  for (const char* method : {"lsq", "lsq+"}) {
    const auto q = make_activation_quantizer(method, {.bits = 2}, {0.0, 1.5});
    q->quantize(random({2, 10}, 5));
    overwrite(q->tensors().at("scale"), -1.0);
    q->project();
    EXPECT_NEAR(q->affine().scale, 0.5 * (1 - largest_step_change), 1e-6) << method;
  }
}

TEST(LsqPlus, CoversAnAsymmetricRangeWithZeroExact) {
  const auto q = make_activation_quantizer("lsq+", {.bits = 4, .is_signed = true}, {-0.3, 1.2});
  const learn::AffineRange affine = q->affine();
  EXPECT_NEAR(affine.scale, 0.1, 1e-6);
  EXPECT_EQ(affine.zero_point, -5) << "codes -8..7 stand for -0.3..1.2";
  const at::Tensor x = at::tensor({-1.0F, -0.3F, -0.14F, 0.0F, 0.52F, 1.2F, 9.0F});
  const at::Tensor expected = at::tensor({-0.3F, -0.3F, -0.1F, 0.0F, 0.5F, 1.2F, 1.2F});
  EXPECT_LT(distance(q->quantize(x).detach(), expected), 1e-6);
}

// Offset and step against finite differences of the straight-through surrogate, beta being the smallest code's value.
TEST(LsqPlus, GradientsByFiniteDifferences) {
  const at::Tensor values = random({1, 3000}, 5), g = random({1, 3000}, 6);
  const auto q = make_activation_quantizer("lsq+", {.bits = 3}, {-0.5, 1.25});  // s = 1/4, z = 2
  (q->quantize(leaf(values)) * g).sum().backward();
  const double s0 = 0.25, b0 = -0.5, h = 1e-7, factor = 1 / std::sqrt(3000.0 * 7);
  const auto loss = [&](double s, double b) {
    const at::Tensor x = values.to(at::kDouble), c0 = ((x - b0) / s0).clamp(0, 7);
    return (((((x - b) / s).clamp(0, 7) + c0.round() - c0) * s + b) * g.to(at::kDouble)).sum().item<double>();
  };
  EXPECT_NEAR(q->tensors().at("scale").grad().item<double>(), factor * (loss(s0 + h, b0) - loss(s0 - h, b0)) / (2 * h), 1e-3);
  EXPECT_NEAR(q->tensors().at("offset").grad().item<double>(), factor * (loss(s0, b0 + h) - loss(s0, b0 - h)) / (2 * h), 1e-4);
}

}  // namespace
}  // namespace tern::compress
