#include "compress/quantize/extreme/a2q.hpp"

#include <cmath>

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> a2q(int bits, int acc, int input, bool is_signed, const at::Tensor& weight) {
  QuantizerOptions options;
  options.bits = bits;
  options.extra = {{"acc", std::to_string(acc)}, {"acc_input", std::to_string(input)}, {"acc_signed", is_signed ? "1" : "0"}};
  return make_quantizer("a2q", options, weight);
}

// (2^15 - 1) / 2^8 and (2^15 - 1) / 2^7.
TEST(A2q, Bound) {
  EXPECT_EQ(a2q_bound(16, 8, false), 127.99609375);
  EXPECT_EQ(a2q_bound(16, 8, true), 255.9921875);
}

// Every input of every channel: no dot product leaves the accumulator, and weights are not needlessly small.
TEST(A2q, Pitfall7NoInputOverflowsTheAccumulator) {
  for (const bool is_signed : {false, true})
    for (const int acc : {6, 7, 8}) {
      const int bits = 3, n = 4, low = is_signed ? -4 : 0, high = is_signed ? 3 : 7;
      const at::Tensor w = random({30, n}, static_cast<std::uint64_t>(acc));
      const at::Tensor codes = a2q(5, acc, bits, is_signed, w)->integers(w).codes.to(at::kLong);
      const std::int64_t limit = (1LL << (acc - 1)) - 1;
      for (int c = 0; c < 30; ++c) {
        std::int64_t k[n], most = 0;
        for (int i = 0; i < n; ++i) k[i] = codes[c][i].item<std::int64_t>();
        for (int a = low; a <= high; ++a)
          for (int b = low; b <= high; ++b)
            for (int d = low; d <= high; ++d)
              for (int e = low; e <= high; ++e) most = std::max<std::int64_t>(most, std::abs(a * k[0] + b * k[1] + d * k[2] + e * k[3]));
        EXPECT_LE(most, limit) << acc << " " << is_signed;
      }
      EXPECT_GT(codes.abs().sum(1).max().item<double>(), a2q_bound(acc, bits, is_signed) - n);
    }
}

TEST(A2q, WideAccumulatorsLimitNothing) {
  const at::Tensor w = random({4, 50}, 1), values = a2q(8, 32, 8, false, w)->quantize(w).detach();
  EXPECT_LT(((values - w).abs() / a2q(8, 32, 8, false, w)->integers(w).scale.unsqueeze(1)).max().item<double>(), 1.0001);
}

// Truncation is straight through: the gradient is that of w * min(1, B / ||w/s||_1), here by finite differences.
TEST(A2q, GradientByFiniteDifferences) {
  const at::Tensor values = random({2, 9}, 2), g = random({2, 9}, 3), w = leaf(values);
  const auto q = a2q(6, 8, 4, false, values);
  (q->quantize(w) * g).sum().backward();
  const at::Tensor scale = q->integers(values).scale.to(at::kDouble).unsqueeze(1);
  const double bound = a2q_bound(8, 4, false), h = 1e-6;
  ASSERT_GT((values / scale).abs().sum(1).max().item<double>(), bound);
  const auto loss = [&](const at::Tensor& x) {
    const at::Tensor norm = (x / scale).abs().sum(1, true);
    return (x * (bound / norm).clamp_max(1) * g.to(at::kDouble)).sum().item<double>();
  };
  for (std::int64_t i = 0; i < 18; ++i) {
    at::Tensor step = at::zeros({18}, at::TensorOptions(at::kDouble));
    step[i] = h;
    const at::Tensor x = values.to(at::kDouble), shift = step.view({2, 9});
    EXPECT_NEAR(w.grad().view(-1)[i].item<double>(), (loss(x + shift) - loss(x - shift)) / (2 * h), 1e-4) << i;
  }
}

TEST(A2q, OptionsAreChecked) {
  const at::Tensor w = random({2, 9}, 4);
  EXPECT_THROW(a2q(6, 3, 8, false, w), Error);
  EXPECT_THROW(a2q(6, 8, 17, false, w), Error);
  EXPECT_THROW(a2q(6, 8, 8, false, w), Error) << "a bound below one";
}

}  // namespace
}  // namespace tern::compress
