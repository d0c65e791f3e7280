#include "compress/quantize/extreme/twn.hpp"

#include <cmath>
#include <limits>

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> twn(const at::Tensor& weight, const char* per = "tensor") {
  QuantizerOptions options;
  options.bits = 2;
  options.granularity = parse_granularity(per);
  return make_quantizer("twn", options, weight);
}

// E|w| = 0.5, Delta = 0.35, alpha = (0.9 + 0.7 + 0.5) / 3 = 0.7.
TEST(Twn, ByHand) {
  const at::Tensor w = at::tensor({0.9F, -0.7F, 0.3F, -0.1F, 0.5F});
  EXPECT_LT(distance(twn(w)->quantize(w), at::tensor({0.7F, -0.7F, 0.F, 0.F, 0.7F})), 1e-6);
}

// The paper: for normal weights Delta* = 0.6 sigma is near the best; the rule of thumb gives 0.7 E|w| = 0.56 sigma. No
// threshold is better by more than one percent in squared error.
TEST(Twn, IsNearTheBestThresholdOfNormalWeights) {
  const at::Tensor w = random({20000}, 1);
  const double error = (twn(w)->quantize(w) - w).square().sum().item<double>();
  double best = std::numeric_limits<double>::infinity();
  for (double delta = 0.1; delta < 1.5; delta += 0.05) {
    const at::Tensor above = w.abs().gt(delta);
    const at::Tensor alpha = (w.abs() * above).sum() / above.sum();
    best = std::min(best, (alpha * w.sign() * above - w).square().sum().item<double>());
  }
  EXPECT_LT(error, best * 1.01);
}

TEST(Twn, ChannelsHaveTheirOwnThresholds) {
  const at::Tensor w = random({2, 50}, 2);
  const at::Tensor both = at::cat({w, w * 100}, 0);
  const learn::QuantizedWeight integers = twn(both, "channel")->integers(both);
  EXPECT_EQ(distance(integers.codes.slice(0, 0, 2), integers.codes.slice(0, 2, 4)), 0);
  EXPECT_EQ(integers.scale.sizes().vec(), std::vector<std::int64_t>{4});
}

TEST(Twn, PrunedWeightsMoveNothing) {
  const at::Tensor w = random({100}, 3), padded = at::cat({w, at::zeros({300})});
  EXPECT_LT(distance(twn(padded)->quantize(padded).slice(0, 0, 100), twn(w)->quantize(w)), 1e-6);
}

TEST(Twn, GradientPassesStraightThrough) {
  const at::Tensor w = learn::leaf(random({30}, 4)), g = random({30}, 5);
  (twn(w.detach())->quantize(w) * g).sum().backward();
  EXPECT_EQ(distance(w.grad(), g), 0);
}

}  // namespace
}  // namespace tern::compress
