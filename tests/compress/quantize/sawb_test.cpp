#include "compress/quantize/sawb.hpp"

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

double error_of(const at::Tensor& w, double clip, double levels) {
  const double s = clip / levels;
  return ((w / s).round().clamp(-levels, levels) * s - w).square().mean().item<double>();
}

// What the coefficients are for: the estimated clip's error is near that of the best clip, for shapes of weights that
// were fitted (normal, uniform) and one that was not (a mixture).
TEST(Sawb, ErrorIsNearThatOfTheBestClip) {
  const at::Tensor normal = learn::random({20000}, 1);
  const at::Tensor uniform = at::rand({20000}, learn::make_generator(2), at::TensorOptions(at::kFloat)) * 2 - 1;
  const at::Tensor mixture = at::cat({normal * 0.5, normal});
  for (const at::Tensor& w : {normal, uniform, mixture})
    for (const int bits : {2, 3, 4, 5, 8}) {
      const double levels = (1 << (bits - 1)) - 1, top = w.abs().max().item<double>();
      double least = 1e9;
      for (int i = 1; i <= 300; ++i) least = std::min(least, error_of(w, top * i / 300, levels));
      const double scale = make_quantizer("sawb", {.bits = bits}, w)->integers(w).scale.item<double>();
      EXPECT_LE(error_of(w, scale * levels, levels), least * 1.1) << bits;
    }
}

// Ternary weights of a normal distribution: the best clip is 1.22 sigma (levels at +-clip, threshold clip / 2).
TEST(Sawb, TwoBitsOfANormalDistribution) {
  const SawbCoefficients c = sawb_coefficients(2);
  EXPECT_NEAR(c.c1 - c.c2 * 0.797885, 1.224, 0.05);
}

TEST(Sawb, ScalesWithTheWeights) {
  const at::Tensor w = learn::random({1000}, 3);
  const double one = make_quantizer("sawb", {.bits = 3}, w)->integers(w).scale.item<double>();
  const at::Tensor big = w * 10;
  EXPECT_NEAR(make_quantizer("sawb", {.bits = 3}, big)->integers(big).scale.item<double>(), 10 * one, 1e-4 * one);
}

}  // namespace
}  // namespace tern::compress
