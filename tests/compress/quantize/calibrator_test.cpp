#include "compress/quantize/calibrator.hpp"

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "compress/quantize/calibrate/calibrators.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::random;

CalibratedRange calibrated(const std::string& name, const std::vector<at::Tensor>& batches, int bits, bool is_signed) {
  const auto calibrator = find_calibrator(name).make();
  for (const auto& batch : batches) calibrator->observe(batch);
  return calibrator->range(bits, is_signed);
}

/// Mean squared error of the raw values.
double error_of(const at::Tensor& x, double clip, int bits, bool is_signed) {
  const auto levels = static_cast<double>(positive_levels(bits, is_signed));
  const double scale = clip / levels;
  const at::Tensor value = (x / scale).round().clamp(is_signed ? -levels : 0.0, levels) * scale;
  return (value - x).square().mean().item<double>();
}

TEST(Calibrator, MinmaxAndEmaByHand) {
  const std::vector<at::Tensor> batches{at::tensor({-1.0F, 2.0F}), at::tensor({-3.0F, 1.0F}), at::tensor({0.0F, 5.0F})};
  const CalibratedRange minmax = calibrated("minmax", batches, 8, true);
  EXPECT_EQ(minmax.low, -3);
  EXPECT_EQ(minmax.high, 5);
  const CalibratedRange ema = calibrated("ema", batches, 8, true);
  EXPECT_NEAR(ema.low, ((-1 * 0.9 - 3 * 0.1) * 0.9) - 0 * 0.1, 1e-6);
  EXPECT_NEAR(ema.high, (2 * 0.9 + 1 * 0.1) * 0.9 + 5 * 0.1, 1e-6);
  EXPECT_EQ(calibrated("minmax", batches, 8, false).low, 0);
}

TEST(Calibrator, PercentileLeavesOutliersOut) {
  at::Tensor x = at::arange(1, 1000001, at::kFloat) / 1e6;
  x[999999] = 100.0F;
  const CalibratedRange range = calibrated("percentile", {x}, 8, false);
  EXPECT_NEAR(range.high, 1.0, 0.06) << "bins are 100/2048 wide";
  EXPECT_EQ(calibrated("minmax", {x}, 8, false).high, 100);
}

TEST(Calibrator, HistogramGrowsByDoublingAndLosesNothing) {
  Histogram histogram;
  histogram.add(at::zeros({7}));
  EXPECT_EQ(histogram.range(), 0);
  const at::Tensor small = random({10000}, 1) * 0.01, large = random({10000}, 2) * 3;
  histogram.add(small);
  const double first = histogram.range();
  histogram.add(large);
  EXPECT_GT(histogram.range(), large.abs().max().item<double>());
  EXPECT_NEAR(std::log2(histogram.range() / first), std::round(std::log2(histogram.range() / first)), 1e-9);
  const MagnitudeCounts all = histogram.magnitudes(true), positive = histogram.magnitudes(false);
  double sum = 0, positives = 0;
  for (std::size_t i = 0; i < all.bins.size(); ++i) sum += all.bins[i], positives += positive.bins[i];
  EXPECT_EQ(sum, 20000);
  EXPECT_EQ(all.zeros, 7);
  EXPECT_EQ(positives, at::cat({small, large}).gt(0).sum().item<double>());
  EXPECT_EQ(histogram.max(), at::cat({small, large}).max().item<float>());
}

TEST(Calibrator, LeastErrorIsThatOfBruteForceOnTheValues) {
  const at::Tensor normal = random({20000}, 3), relu = normal.clamp_min(0);
  at::Tensor outlier = normal.clone();
  outlier[0] = 40.0F;
  struct Case { at::Tensor x; bool is_signed; };
  for (const Case& c : {Case{normal, true}, Case{relu, false}, Case{outlier, true}})
    for (const int bits : {2, 3, 4, 8}) {
      const double top = c.x.abs().max().item<double>();
      double least = std::numeric_limits<double>::infinity();
      for (int i = 1; i <= 1000; ++i) least = std::min(least, error_of(c.x, top * i / 1000, bits, c.is_signed));
      const CalibratedRange range = calibrated("mse", {c.x}, bits, c.is_signed);
      EXPECT_LE(error_of(c.x, std::max(-range.low, range.high), bits, c.is_signed), least * 1.02) << bits;
    }
}

/// The definition, with vectors and no shared sums.
double reference_divergence(const std::vector<double>& bins, std::size_t size, std::size_t levels) {
  std::vector<double> p(bins.begin(), bins.begin() + static_cast<std::ptrdiff_t>(size)), q = p;
  for (std::size_t i = size; i < bins.size(); ++i) p[size - 1] += bins[i];
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t begin = level * size / levels, end = (level + 1) * size / levels;
    double mass = 0;
    int occupied = 0;
    for (std::size_t i = begin; i < end; ++i) mass += q[i], occupied += q[i] > 0 ? 1 : 0;
    for (std::size_t i = begin; i < end; ++i) q[i] = q[i] > 0 ? mass / occupied : 0;
  }
  double sum_p = 0, sum_q = 0, divergence = 0;
  for (std::size_t i = 0; i < size; ++i) sum_p += p[i], sum_q += q[i];
  for (std::size_t i = 0; i < size; ++i) {
    if (p[i] == 0) continue;
    const double share = sum_q > 0 ? std::max(q[i] / sum_q, 1e-9) : 1e-9;
    divergence += p[i] / sum_p * std::log(p[i] / sum_p / share);
  }
  return divergence;
}

TEST(Calibrator, LeastDivergenceIsThatOfExhaustiveSearch) {
  const at::Tensor normal = random({20000}, 5), squared = normal.square() * normal.sign();
  at::Tensor outlier = normal.clone();
  outlier[0] = 30.0F;
  for (const at::Tensor& x : {normal, squared, outlier, normal.clamp_min(0)})
    for (const std::int64_t levels : {3, 7, 127, 255}) {
      Histogram histogram;
      histogram.add(x);
      const MagnitudeCounts counts = histogram.magnitudes(true);
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t size = static_cast<std::size_t>(levels); size <= counts.bins.size(); ++size)
        least = std::min(least, reference_divergence(counts.bins, size, static_cast<std::size_t>(levels)));
      const double clip = clip_of_least_divergence(counts, levels);
      const auto size = static_cast<std::size_t>(std::llround(clip / counts.width));
      EXPECT_NEAR(reference_divergence(counts.bins, size, static_cast<std::size_t>(levels)), least, 1e-9) << levels;
    }
}

// The zeros of a relu must not decide: they are exact anyway.
TEST(Calibrator, DivergenceIgnoresExactZeros) {
  const at::Tensor x = random({20000}, 6).abs();
  EXPECT_EQ(calibrated("kl", {x}, 8, false).high, calibrated("kl", {x, at::zeros({1000000})}, 8, false).high);
}

TEST(Calibrator, EachCoversItsDataReasonably) {
  const at::Tensor normal = random({50000}, 7), swish = normal * at::sigmoid(normal) * 2;
  for (const auto& row : calibrator_table()) {
    const CalibratedRange symmetric = calibrated(row.info.name, {normal}, 8, true);
    EXPECT_GT(symmetric.high, 2) << row.info.name;
    EXPECT_LE(symmetric.high, normal.max().item<double>() + 1e-6) << row.info.name;
    EXPECT_NEAR(-symmetric.low, symmetric.high, 1.0) << row.info.name;
    const CalibratedRange lopsided = calibrated(row.info.name, {swish}, 8, true);
    EXPECT_NEAR(lopsided.low, swish.min().item<double>(), 0.01) << row.info.name;
    const CalibratedRange nothing = calibrated(row.info.name, {at::zeros({10})}, 8, true);
    EXPECT_EQ(nothing.high, 0) << row.info.name;
    EXPECT_THROW(calibrated(row.info.name, {at::full({2}, NAN)}, 8, true), Error) << row.info.name;
    EXPECT_THROW(calibrated(row.info.name, {at::full({2}, INFINITY)}, 8, true), Error) << row.info.name;
  }
  EXPECT_THROW(find_calibrator("entropy"), Error);
}

}  // namespace
}  // namespace tern::compress
