#include "compress/quantize/fake_quantize.hpp"

#include <cmath>

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

at::Tensor scalar(double value) { return at::full({}, value, at::TensorOptions(at::kFloat)); }

/// What straight-through pretends around (x0, s0): rounding adds a constant, round(c0) - c0.
double surrogate_loss(const at::Tensor& x, double s, const at::Tensor& g, double low, double high, double s0) {
  const at::Tensor c0 = (x.to(at::kDouble) / s0).clamp(low, high), shift = c0.round() - c0;
  return (((x.to(at::kDouble) / s).clamp(low, high) + shift) * s * g.to(at::kDouble)).sum().item<double>();
}

TEST(FakeQuantize, ValuesAreThoseOfTheFormulaHalvesToEven) {
  const at::Tensor x = at::tensor({-9.0F, -0.75F, -0.25F, 0.25F, 0.75F, 1.0F, 9.0F});
  FakeQuantize rule{.low = -4, .high = 3};
  EXPECT_EQ(distance(fake_quantize(x, scalar(0.5), rule), at::tensor({-2.F, -1.F, 0.F, 0.F, 1.F, 1.F, 1.5F})), 0);
  rule.zero_point = -2;
  EXPECT_EQ(distance(fake_quantize(x, scalar(0.5), rule), at::tensor({-1.F, -1.F, 0.F, 0.F, 1.F, 1.F, 2.5F})), 0);
}

// LSQ's step gradient, eq. 3 of Esser et al. 2020.
TEST(FakeQuantize, StepGradientIsThatOfTheStraightThroughSurrogate) {
  const at::Tensor x = leaf(random({5000}, 1)), g = random({5000}, 2), s = leaf(scalar(0.4));
  (fake_quantize(x, s, {.low = -4, .high = 3}) * g).sum().backward();
  const double h = 1e-7, fd = (surrogate_loss(x.detach(), 0.4 + h, g, -4, 3, s.item<float>()) -
                               surrogate_loss(x.detach(), 0.4 - h, g, -4, 3, s.item<float>())) / (2 * h);
  EXPECT_NEAR(s.grad().item<double>(), fd, 2e-3 * std::abs(fd) + 0.05);
  const at::Tensor u = x.detach() / s.detach(), inside = (u.ge(-4) & u.le(3)).to(at::kFloat);
  EXPECT_LT(distance(x.grad(), g * inside), 1e-6);
}

TEST(FakeQuantize, ElementWiseScalingByItsFormula) {
  const at::Tensor values = random({300}, 3), g = random({300}, 4), x = leaf(values), s = leaf(scalar(0.5));
  (fake_quantize(x, s, {.low = -8, .high = 7, .gradient = RoundingGradient::ewgs}) * g).sum().backward();
  const at::Tensor u = values / 0.5, inside = (u.ge(-8) & u.le(7)).to(at::kFloat);
  const at::Tensor factor = 1 + ewgs_delta * g.sign() * (u - u.round());
  EXPECT_LT(distance(x.grad(), g * factor * inside), 1e-6);
  const at::Tensor code = u.clamp(-8, 7).round();
  const double expected = (g * (inside * (code - factor * u) + (1 - inside) * code)).sum().item<double>();
  EXPECT_NEAR(s.grad().item<double>(), expected, 1e-3);
}

TEST(FakeQuantize, RowsAgreeWithSingleScales) {
  const at::Tensor values = random({3, 1000}, 5), g = random({3, 1000}, 6);
  for (const auto gradient : {RoundingGradient::ste, RoundingGradient::ewgs})
    for (const bool clip_only : {false, true}) {
      const FakeQuantize rule{.low = -4, .high = 3, .gradient = gradient, .scale_factor = 0.25, .clip_only = clip_only};
      const at::Tensor x = leaf(values), s = leaf(at::tensor({0.3F, 0.5F, 0.8F}));
      const at::Tensor y = fake_quantize(x, s, rule);
      (y * g).sum().backward();
      for (int row = 0; row < 3; ++row) {
        const at::Tensor x1 = leaf(values[row]), s1 = leaf(s.detach()[row]);
        const at::Tensor y1 = fake_quantize(x1, s1, rule);
        (y1 * g[row]).sum().backward();
        EXPECT_LT(distance(y.detach()[row], y1.detach()), 1e-6);
        EXPECT_LT(distance(x.grad()[row], x1.grad()), 1e-6);
        EXPECT_NEAR(s.grad()[row].item<double>(), s1.grad().item<double>(), 2e-3);
      }
    }
}

// beta is the value of the smallest code; z = -beta/s unrounded makes the surrogate exact where z is whole.
TEST(FakeQuantize, OffsetGradientsByFiniteDifferences) {
  const at::Tensor values = random({4000}, 7).to(at::kFloat), g = random({4000}, 8);
  const double s0 = 0.25, beta0 = -0.5, high = 7;
  const auto loss = [&](double s, double beta) {
    const at::Tensor x = values.to(at::kDouble);
    const at::Tensor c0 = ((x - beta0) / s0).clamp(0, high), shift = c0.round() - c0;
    return (((((x - beta) / s).clamp(0, high) + shift) * s + beta) * g.to(at::kDouble)).sum().item<double>();
  };
  const at::Tensor x = leaf(values), s = leaf(scalar(s0)), beta = leaf(scalar(beta0));
  (fake_quantize(x, s, {.low = 0, .high = high, .zero_point = 2}, beta) * g).sum().backward();
  const double h = 1e-7;
  EXPECT_NEAR(s.grad().item<double>(), (loss(s0 + h, beta0) - loss(s0 - h, beta0)) / (2 * h), 0.05);
  EXPECT_NEAR(beta.grad().item<double>(), (loss(s0, beta0 + h) - loss(s0, beta0 - h)) / (2 * h), 0.01);
}

TEST(FakeQuantize, AnyMemoryOrderAndAnyNumberOfThreads) {
  const at::Tensor values = random({4, 16, 33, 17}, 9), g = random({4, 16, 33, 17}, 10);
  const auto run = [&](const at::Tensor& from, const at::Tensor& weights) {
    const at::Tensor x = leaf(from), s = leaf(scalar(0.3));
    const at::Tensor y = fake_quantize(x, s, {.low = 0, .high = 15});
    (y * weights).sum().backward();
    return std::vector<at::Tensor>{y.detach(), x.grad(), s.grad()};
  };
  const auto plain = run(values, g);
  const auto mixed = run(learn::channels_last(values), g);
  EXPECT_EQ(distance(plain[0], mixed[0]), 0);
  EXPECT_EQ(distance(plain[1], mixed[1]), 0);
  EXPECT_NEAR(plain[2].item<double>(), mixed[2].item<double>(), 1e-2) << "summed in another order";
  const int threads = at::get_num_threads();
  at::set_num_threads(threads == 1 ? 2 : 1);
  const auto other = run(values, g);
  at::set_num_threads(threads);
  EXPECT_EQ(plain[2].item<float>(), other[2].item<float>());
}

}  // namespace
}  // namespace tern::compress
