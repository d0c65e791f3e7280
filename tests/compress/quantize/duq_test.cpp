#include "compress/quantize/duq.hpp"

#include <set>

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> quantizer(int bits, RoundingGradient gradient, const at::Tensor& weight) {
  return make_quantizer("duq", {bits, gradient}, weight);
}

void set(learn::WeightQuantizer& q, double range, double scale) {
  const c10::NoGradGuard no_grad;
  q.tensors().at("range").fill_(range);
  q.tensors().at("scale").fill_(scale);
}

TEST(Duq, TwoBitsAreTernary) {
  const at::Tensor w = at::tensor({-2.0F, -0.6F, -0.4F, 0.0F, 0.4F, 0.6F, 2.0F});
  auto q = quantizer(2, RoundingGradient::ste, w);
  set(*q, 1.0, 0.5);
  EXPECT_EQ(distance(q->quantize(w), at::tensor({-0.5F, -0.5F, 0.0F, 0.0F, 0.0F, 0.5F, 0.5F})), 0);
}

TEST(Duq, EachWidthHasItsLevelsAndIntegersAgree) {
  const at::Tensor w = random({4000}, 1);
  for (int bits = 2; bits <= 8; ++bits) {
    auto q = quantizer(bits, RoundingGradient::ewgs, w);
    const at::Tensor values = q->quantize(w).detach();
    const learn::QuantizedWeight integers = q->integers(w);
    EXPECT_LT(distance(values, integers.codes * integers.scale), 1e-6) << bits;
    const double most = (1 << (bits - 1)) - 1;
    EXPECT_LE(integers.codes.abs().max().item<double>(), most);
    std::set<float> levels;
    for (std::int64_t i = 0; i < w.numel(); ++i) levels.insert(integers.codes[i].item<float>());
    EXPECT_LE(levels.size(), static_cast<std::size_t>(2 * most + 1));
    if (bits <= 4) {
      EXPECT_EQ(levels.size(), static_cast<std::size_t>(2 * most + 1));
    }
    // With range = scale the quantizer is idempotent.
    EXPECT_LT(distance(q->quantize(values), values), 1e-6) << bits;
  }
}

TEST(Duq, StartsAtThreeSigma) {
  const at::Tensor w = random({10000}, 2) * 0.1 + 0.02;
  const double mean = w.mean().item<double>(), sigma = w.std(false).item<double>();
  EXPECT_NEAR(quantizer(4, RoundingGradient::ste, w)->tensors().at("range").item<double>(), std::abs(mean) + 3 * sigma, 1e-4);
}

// Gaussian weights: from 80% sparsity on, the kept ones lie above the first rounding threshold (at 75% four in five do).
TEST(Duq, KeepsWhatPruningKept) {
  const at::Tensor w = random({20000}, 2);
  for (const double sparsity : {0.8, 0.85, 0.9, 0.95, 0.975}) {
    const at::Tensor threshold = std::get<0>(w.abs().kthvalue(static_cast<std::int64_t>(sparsity * 20000)));
    const at::Tensor pruned = w * w.abs().gt(threshold);
    const double kept = pruned.ne(0).sum().item<double>();
    const double left = quantizer(2, RoundingGradient::ste, pruned)->integers(pruned).codes.ne(0).sum().item<double>();
    EXPECT_GT(left / kept, 0.95) << sparsity;
  }
}

// The gradient with respect to the scale is exact: finite differences see the same function.
TEST(Duq, GradientOfTheScaleByFiniteDifferences) {
  const at::Tensor w = random({50}, 3), g = random({50}, 4);
  auto q = quantizer(3, RoundingGradient::ste, w);
  set(*q, 1.5, 0.8);
  (q->quantize(w) * g).sum().backward();
  const double gradient = q->tensors().at("scale").grad().item<double>();
  set(*q, 1.5, 0.81);
  const double above = (q->quantize(w) * g).sum().item<double>();
  set(*q, 1.5, 0.79);
  const double below = (q->quantize(w) * g).sum().item<double>();
  EXPECT_NEAR(gradient, (above - below) / 0.02, 1e-3);
}

// With rounding as the identity, q = c * clamp(w/a, -1, 1): its derivative by w and a is what straight-through gives.
TEST(Duq, StraightThroughIsTheDerivativeWithoutRounding) {
  const at::Tensor w = leaf(at::tensor({-2.0F, -0.7F, 0.1F, 0.9F, 3.0F})), g = at::tensor({1.0F, 2.0F, -1.0F, 0.5F, 4.0F});
  auto q = quantizer(4, RoundingGradient::ste, w);
  set(*q, 1.0, 0.8);
  (q->quantize(w) * g).sum().backward();
  EXPECT_LT(distance(w.grad(), at::tensor({0.0F, 1.6F, -0.8F, 0.4F, 0.0F})), 1e-6);
  const double expected = -(0.8 * (-0.7) * 2.0 + 0.8 * 0.1 * -1.0 + 0.8 * 0.9 * 0.5);
  EXPECT_NEAR(q->tensors().at("range").grad().item<double>(), expected, 1e-5);
}

// The published code's element-wise scaling had no effect; this one must be seen, and by the formula.
TEST(Duq, ElementWiseScalingActsByItsFormula) {
  const at::Tensor values = random({200}, 5), g = random({200}, 6), ste = leaf(values), ewgs = leaf(values);
  auto q1 = quantizer(3, RoundingGradient::ste, values), q2 = quantizer(3, RoundingGradient::ewgs, values);
  (q1->quantize(ste) * g).sum().backward();
  (q2->quantize(ewgs) * g).sum().backward();
  const double range = q1->tensors().at("range").item<double>();
  const at::Tensor u = (values / range).clamp(-1, 1) * 3;
  const at::Tensor expected = ste.grad() * (1 + ewgs_delta * g.sign() * (u - u.round()));
  EXPECT_LT(distance(ewgs.grad(), expected), 1e-6);
  EXPECT_GT(distance(ewgs.grad(), ste.grad()), 1e-4);
}

TEST(Duq, SpecMakesItAgainAndBadOnesAreRefused) {
  const at::Tensor w = random({10}, 7);
  const std::string spec = quantizer(5, RoundingGradient::ewgs, w)->spec();
  EXPECT_EQ(spec, "duq:w=5,gradient=ewgs");
  EXPECT_EQ(make_quantizer_from_spec(spec, w)->spec(), spec);
  EXPECT_THROW(make_quantizer("duq", {1, RoundingGradient::ste}, w), Error);
  EXPECT_THROW(make_quantizer("dqu", {4, RoundingGradient::ste}, w), Error);
  EXPECT_THROW(make_quantizer_from_spec("duq", w), Error);
}

}  // namespace
}  // namespace tern::compress
