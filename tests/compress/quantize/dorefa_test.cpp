#include "compress/quantize/dorefa.hpp"

#include <cmath>

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

TEST(Dorefa, WeightsByHand) {
  const at::Tensor w = at::tensor({-2.0F, -0.3F, 0.0F, 0.6F, 2.0F});
  const auto q = make_quantizer("dorefa", {.bits = 3}, w);
  // t/m = tanh(w)/tanh(2) = -1, -0.302, 0, 0.557, 1; times 3, rounded: -3, -1, 0, 2, 3
  EXPECT_LT(distance(q->quantize(w).detach(), at::tensor({-3.F, -1.F, 0.F, 2.F, 3.F}) * (2.0 / 3)), 1e-6);
}

// With rounding as the identity: m / max|tanh| * (1 - tanh^2).
TEST(Dorefa, GradientIsThatOfTanh) {
  const at::Tensor values = random({40}, 1), g = random({40}, 2), w = leaf(values);
  const auto q = make_quantizer("dorefa", {.bits = 4, .gradient = RoundingGradient::ste}, values);
  (q->quantize(w) * g).sum().backward();
  const double factor = values.abs().max().item<double>() / values.tanh().abs().max().item<double>();
  const at::Tensor inner = values.abs().lt(values.abs().max());  // the largest lies on the edge of the clip
  EXPECT_LT(distance(w.grad() * inner, g * factor * (1 - values.tanh().square()) * inner), 1e-5);
}

TEST(Dorefa, ActivationsAreMultiplesBetweenZeroAndOne) {
  const auto q = make_activation_quantizer("dorefa", {.bits = 2}, {0.0, 9.0});
  const at::Tensor x = leaf(at::tensor({-0.5F, 0.1F, 0.2F, 0.7F, 1.5F}));
  const at::Tensor y = q->quantize(x);
  EXPECT_LT(distance(y.detach(), at::tensor({0.F, 0.F, 1.F, 2.F, 3.F}) / 3), 1e-6);
  y.sum().backward();
  EXPECT_EQ(distance(x.grad(), at::tensor({0.F, 1.F, 1.F, 1.F, 0.F})), 0);
}

}  // namespace
}  // namespace tern::compress
