#include "compress/quantize/extreme/apot.hpp"

#include <cmath>
#include <set>

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> apot(int bits, const at::Tensor& weight) {
  QuantizerOptions options;
  options.bits = bits;
  return make_quantizer("apot", options, weight);
}

// By hand from eq. 4: two bits are powers of two; four are {0, 1, 2^-2, 2^-4} + {0, 2^-1, 2^-3, 2^-5} over 1.5.
TEST(Apot, LevelSets) {
  EXPECT_EQ(apot_levels(1), (std::vector<double>{0, 1}));
  EXPECT_EQ(apot_levels(2), (std::vector<double>{0, 0.25, 0.5, 1}));
  std::set<double> four;
  for (const double a : {0.0, 1.0, 0.25, 0.0625})
    for (const double b : {0.0, 0.5, 0.125, 0.03125}) four.insert((a + b) / 1.5);
  EXPECT_EQ(apot_levels(4), std::vector<double>(four.begin(), four.end()));
  // Odd: {0, 1, 2^-1, 2^-3} + {0, 2^-2} over 1.25.
  EXPECT_EQ(apot_levels(3), (std::vector<double>{0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1}));
}

TEST(Apot, EveryWidthHasAllItsLevels) {
  for (int bits = 1; bits <= 7; ++bits) {
    const auto levels = apot_levels(bits);
    EXPECT_EQ(std::set<double>(levels.begin(), levels.end()).size(), std::size_t{1} << bits);
    EXPECT_EQ(levels.front(), 0);
    EXPECT_EQ(levels.back(), 1);
  }
}

TEST(Apot, ValuesAreNearestLevelsOfTheNormalisedWeight) {
  const at::Tensor w = random({2000}, 1) * 0.2 + 0.03;
  const auto q = apot(4, w);
  const at::Tensor got = q->quantize(w).detach();
  const double mean = w.mean().item<double>(), sigma = w.std(false).item<double>();
  for (std::int64_t i = 0; i < 2000; i += 7) {
    const double v = (w[i].item<double>() - mean) / sigma;
    double best = 1e9, value = 0;
    for (const double level : apot_levels(3))
      for (const double sign : {-1.0, 1.0})
        if (std::abs(v - 3 * sign * level) < best) best = std::abs(v - 3 * sign * level), value = 3 * sign * level;
    EXPECT_NEAR(got[i].item<double>(), value * sigma, 1e-5);
  }
}

// Eq. 7 with the normalisation a constant.
TEST(Apot, GradientsByTheirFormula) {
  const at::Tensor values = random({500}, 2), g = random({500}, 3), w = leaf(values);
  const auto q = apot(3, values);
  const at::Tensor alpha = q->tensors().at("alpha");
  {
    const c10::NoGradGuard no_grad;
    alpha.fill_(1.5);
  }
  const at::Tensor y = q->quantize(w);
  (y * g).sum().backward();
  const double sigma = values.std(false).item<double>();
  const at::Tensor u = (values - values.mean()) / sigma / 1.5, level = y.detach() / sigma / 1.5;
  const at::Tensor inside = u.abs().le(1).to(at::kFloat);
  EXPECT_LT(distance(w.grad(), g * inside), 1e-5);
  const double expected = (sigma * g * (inside * (level - u) + (1 - inside) * u.sign())).sum().item<double>();
  EXPECT_NEAR(alpha.grad().item<double>(), expected, 1e-3);
}

// All clipped: the value is alpha * sigma * sign, whose derivative finite differences see.
TEST(Apot, ClippedWeightsMoveAlphaByFiniteDifferences) {
  const at::Tensor w = at::tensor({1.0F, -1.0F, 1.0F, -1.0F}), g = at::tensor({0.5F, 2.0F, -1.0F, 1.0F});
  const auto q = apot(4, w);
  const at::Tensor alpha = q->tensors().at("alpha");
  const auto loss = [&](double value) {
    const c10::NoGradGuard no_grad;
    alpha.fill_(value);
    return (q->quantize(w) * g).sum().item<double>();
  };
  const double slope = (loss(0.6) - loss(0.4)) / 0.2;
  loss(0.5);
  (q->quantize(w) * g).sum().backward();
  EXPECT_NEAR(alpha.grad().item<double>(), slope, 1e-4);
}

}  // namespace
}  // namespace tern::compress
