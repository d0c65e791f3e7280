// mse: the clip of the least squared error.
#include <algorithm>
#include <cmath>
#include <limits>

#include "compress/quantize/calibrate/calibrators.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int shrinking_ranges = 256;
constexpr int finer_ranges = 15;

/// Sum over bins of count * squared error; within a bin the values are spread evenly, which adds width^2 / 12 to each
/// and is left out, being the same for all clips.
double squared_error(const MagnitudeCounts& counts, double clip, std::int64_t levels) {
  const double scale = clip / static_cast<double>(levels), inverse = 1 / scale;
  const auto top = static_cast<double>(levels);
  double error = 0;
  for (std::size_t i = 0; i < counts.bins.size(); ++i) {
    if (counts.bins[i] == 0) continue;
    const double x = (static_cast<double>(i) + 0.5) * counts.width;
    const double rounded = std::min(std::nearbyint(x * inverse), top) * scale;
    error += counts.bins[i] * (x - rounded) * (x - rounded);
  }
  return error;
}

}  // namespace

double clip_of_least_error(const MagnitudeCounts& counts, std::int64_t levels) {
  const double range = static_cast<double>(counts.bins.size()) * counts.width;
  const double coarse = range / shrinking_ranges, fine = coarse / (finer_ranges + 1);
  double best = range, least = std::numeric_limits<double>::infinity();
  const auto attempt = [&](double clip) {
    const double error = squared_error(counts, clip, levels);
    if (error < least) best = clip, least = error;
  };
  for (int i = shrinking_ranges; i >= 1; --i) attempt(coarse * i);
  const double middle = best;
  for (int i = -finer_ranges; i <= finer_ranges; ++i)
    if (middle + fine * i <= range) attempt(middle + fine * i);
  return best;
}

}  // namespace tern::compress
