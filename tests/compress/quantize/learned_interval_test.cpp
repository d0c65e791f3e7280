#include "compress/quantize/learned_interval.hpp"

#include <cmath>

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

TEST(LearnedInterval, StartsAtThreeSigmaButNoWiderThanTheWeights) {
  const at::Tensor w = random({10000}, 1) * 0.1;
  const auto q = make_quantizer("ewgs", {.bits = 4}, w);
  EXPECT_NEAR(q->tensors().at("range").item<double>(), 3 * w.square().mean().sqrt().item<double>(), 1e-6);
  const at::Tensor flat = at::tensor({-1.0F, 1.0F, 1.0F, 0.5F});
  EXPECT_EQ(make_quantizer("ewgs", {.bits = 4}, flat)->tensors().at("range").item<float>(), 1);
}

// Lee et al. 2021, eq. 4: the gradient grows where it agrees with the rounding error's sign.
TEST(LearnedInterval, GradientsByTheirFormula) {
  const at::Tensor values = random({500}, 2), g = random({500}, 3), w = leaf(values);
  const auto q = make_quantizer("ewgs", {.bits = 3}, values);
  (q->quantize(w) * g).sum().backward();
  const at::Tensor range = q->tensors().at("range").detach(), u = values / range * 3, c = u.clamp(-3, 3), code = c.round();
  const at::Tensor factor = 1 + ewgs_delta * g.sign() * (c - code), inside = u.eq(c);
  EXPECT_LT(distance(w.grad(), g * factor * inside), 1e-6);
  const double expected = (g * at::where(inside, code - factor * u, code)).sum().item<double>() / 3;
  EXPECT_NEAR(q->tensors().at("range").grad().item<double>(), expected, 1e-3);
}

}  // namespace
}  // namespace tern::compress
