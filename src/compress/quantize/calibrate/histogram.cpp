#include "compress/quantize/calibrate/histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t grain = 1 << 16;
constexpr std::int64_t zero_bin = 2 * Histogram::num_bins;

at::Tensor dense(const at::Tensor& values) {
  const at::Tensor floats = values.detach().to(at::kFloat);
  return floats.is_non_overlapping_and_dense() ? floats : floats.contiguous();
}

/// Counts of one thread: integers, added up afterwards, so that their order does not matter.
using Counts = std::array<std::int64_t, zero_bin + 1>;

void count(const float* x, std::int64_t n, float bins_per_unit, Counts& counts) {
  constexpr auto last = static_cast<float>(Histogram::num_bins - 1);
  for (std::int64_t i = 0; i < n; ++i) {
    const auto bin = static_cast<std::int64_t>(std::min(std::fabs(x[i]) * bins_per_unit, last));
    const std::int64_t place = x[i] == 0 ? zero_bin : bin + (x[i] < 0 ? Histogram::num_bins : 0);
    ++counts[static_cast<std::size_t>(place)];
  }
}

/// Pairs of bins become one, the upper half is empty.
void halve(double* bins) {
  for (std::int64_t i = 0; i < Histogram::num_bins / 2; ++i) bins[i] = bins[2 * i] + bins[2 * i + 1];
  std::fill(bins + Histogram::num_bins / 2, bins + Histogram::num_bins, 0.0);
}

}  // namespace

void Histogram::cover(double magnitude) {
  if (range_ == 0) range_ = magnitude * (1 + 1e-6);  // the largest value falls below the last edge
  for (; magnitude >= range_; range_ *= 2) {
    halve(counts_.data());
    halve(counts_.data() + num_bins);
  }
}

void Histogram::add(const at::Tensor& values) {
  if (values.numel() == 0) return;
  const at::Tensor source = dense(values);
  const auto [low, high] = at::aminmax(source);
  const double smallest = low.item<double>(), largest = high.item<double>();
  if (!std::isfinite(smallest) || !std::isfinite(largest))
    fail(ErrorKind::bad_data, "calibration", "an observed tensor holds NaN or infinity");
  min_ = std::min(min_, smallest), max_ = std::max(max_, largest);
  const double magnitude = std::max(-smallest, largest);
  if (magnitude > 0) cover(magnitude);
  const float* x = source.data_ptr<float>();
  const auto bins_per_unit = range_ > 0 ? static_cast<float>(static_cast<double>(num_bins) / range_) : 0.0F;
  std::mutex mutex;
  at::parallel_for(0, source.numel(), grain, [&](std::int64_t begin, std::int64_t end) {
    Counts counts{};
    count(x + begin, end - begin, bins_per_unit, counts);
    const std::lock_guard<std::mutex> lock(mutex);
    for (std::size_t i = 0; i < counts.size(); ++i) counts_[i] += static_cast<double>(counts[i]);
  });
}

MagnitudeCounts Histogram::magnitudes(bool with_negative) const {
  MagnitudeCounts result{std::vector<double>(counts_.begin(), counts_.begin() + num_bins),
                         range_ / static_cast<double>(num_bins), counts_.back()};
  if (with_negative)
    for (std::size_t i = 0; i < result.bins.size(); ++i) result.bins[i] += counts_[num_bins + i];
  return result;
}

}  // namespace tern::compress
