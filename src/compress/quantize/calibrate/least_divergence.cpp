// kl: the clip whose quantized histogram diverges least from the observed one.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "compress/quantize/calibrate/calibrators.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double smallest_share = 1e-9;

/// sum p log(p / q) of the cut at `size` bins; `below` is the mass below it, `total` all mass.
double divergence(const std::vector<double>& bins, std::size_t size, std::size_t levels, double below, double total) {
  double sum = 0;
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t begin = level * size / levels, end = (level + 1) * size / levels;
    double mass = 0, occupied = 0;
    for (std::size_t i = begin; i < end; ++i) mass += bins[i], occupied += bins[i] > 0;
    const double q = occupied > 0 && below > 0 ? std::max(mass / occupied / below, smallest_share) : smallest_share;
    const double log_q = std::log(q);
    for (std::size_t i = begin; i < end; ++i) {
      const bool is_last = i + 1 == size;
      const double p = (is_last ? bins[i] + total - below : bins[i]) / total;
      if (p <= 0) continue;
      sum += p * (std::log(p) - (bins[i] > 0 ? log_q : std::log(smallest_share)));
    }
  }
  return sum;
}

}  // namespace

double clip_of_least_divergence(const MagnitudeCounts& counts, std::int64_t levels) {
  const std::vector<double>& bins = counts.bins;
  const std::size_t count = bins.size(), fewest = std::min<std::size_t>(static_cast<std::size_t>(levels), count);
  double total = 0;
  for (const double bin : bins) total += bin;
  const double range = static_cast<double>(count) * counts.width;
  if (total == 0 || fewest == count) return range;  // as many levels as bins: nothing merges
  double below = 0, least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i + 1 < fewest; ++i) below += bins[i];
  std::size_t best = count;
  for (std::size_t size = fewest; size <= count; ++size) {
    below += bins[size - 1];
    const double now = divergence(bins, size, fewest, below, total);
    if (now <= least) best = size, least = now;
  }
  return static_cast<double>(best) * counts.width;
}

}  // namespace tern::compress
