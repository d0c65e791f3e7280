#include "compress/quantize/extreme/irnet.hpp"

#include <algorithm>
#include <cmath>

#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> irnet(const at::Tensor& weight) {
  QuantizerOptions options;
  options.bits = 1;
  return make_quantizer("irnet", options, weight);
}

// Mean 2, deviation 3: v = -1/3 eight times and 8/3; mean |v| = 16/27, log2 of it -0.755, so the scale is 1/2.
TEST(Irnet, ByHand) {
  const at::Tensor w = at::cat({at::ones({1, 8}), at::full({1, 1}, 10.0F)}, 1);
  const at::Tensor expected = at::cat({at::full({1, 8}, -0.5F), at::full({1, 1}, 0.5F)}, 1);
  EXPECT_EQ(distance(irnet(w)->quantize(w), expected), 0);
}

TEST(Irnet, SignsAreBalancedWhateverTheMean) {
  const at::Tensor w = random({4, 1001}, 1) + 5;
  const at::Tensor codes = irnet(w)->integers(w).codes;
  EXPECT_LT(codes.mean(1).abs().max().item<double>(), 0.1);
}

TEST(Irnet, ScalesArePowersOfTwo) {
  const at::Tensor w = random({16, 20}, 2).pow(3);
  const at::Tensor exponents = irnet(w)->integers(w).scale.log2();
  EXPECT_EQ(distance(exponents, exponents.round()), 0);
}

TEST(Irnet, QuantizingTwiceKeepsTheSigns) {
  const at::Tensor w = random({8, 54}, 3);
  const auto q = irnet(w);
  EXPECT_EQ(distance(q->quantize(q->quantize(w)).sign(), q->quantize(w).sign()), 0);
}

TEST(Irnet, PrunedWeightsMoveNoStatistics) {
  const at::Tensor w = random({3, 40}, 4) + 1, padded = at::cat({w, at::zeros({3, 60})}, 1);
  EXPECT_EQ(distance(irnet(w)->quantize(w), irnet(padded)->quantize(padded).slice(1, 0, 40)), 0);
}

// The estimator's primitive is k tanh(t v): with it in the sign's place the gradient is a true one.
TEST(Irnet, GradientIsThatOfTheAnnealedTanhByFiniteDifferences) {
  const at::Tensor values = random({2, 7}, 5), g = random({2, 7}, 6);
  for (const double progress : {0.0, 0.4, 0.6, 0.75}) {
    const double t = std::pow(10.0, -1 + 2 * progress), k = std::max(1 / t, 1.0);
    const auto q = irnet(values);
    q->set_progress(progress);
    const at::Tensor w = leaf(values), scale = q->integers(values).scale.to(at::kDouble).unsqueeze(1);
    (q->quantize(w) * g).sum().backward();
    const auto loss = [&](const at::Tensor& x) {
      const at::Tensor centred = x - x.mean(1, true), v = centred / (centred.square().sum(1, true) / 6).sqrt();
      return ((v * t).tanh() * k * scale * g.to(at::kDouble)).sum().item<double>();
    };
    const double h = 1e-5;
    for (std::int64_t i = 0; i < 14; ++i) {
      at::Tensor step = at::zeros({14}, at::TensorOptions(at::kDouble));
      step[i] = h;
      const at::Tensor x = values.to(at::kDouble), shift = step.view({2, 7});
      EXPECT_NEAR(w.grad().view(-1)[i].item<double>(), (loss(x + shift) - loss(x - shift)) / (2 * h), 1e-4)
          << progress << " " << i;
    }
  }
}

}  // namespace
}  // namespace tern::compress
