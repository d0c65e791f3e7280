// Values counted in equal bins over a range that grows.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// How often magnitudes fell into [i * width, (i + 1) * width); exact zeros are counted apart.
struct MagnitudeCounts {
  std::vector<double> bins;
  double width = 0;
  double zeros = 0;
};

/// Counts positive and negative values in 2048 bins of magnitude each, over [0, range). The range starts at the largest
/// magnitude of the first batch that is not all zeros and doubles, two bins becoming one, when something larger comes:
/// one pass over each batch, nothing is kept of it.
class Histogram {
 public:
  static constexpr std::int64_t num_bins = 2048;

  /// Float32, any shape. Errors: ErrorKind::bad_data for NaN and infinities.
  void add(const at::Tensor& values);

  /// Of all values, or of those that are not negative.
  MagnitudeCounts magnitudes(bool with_negative) const;
  double range() const { return range_; }
  double min() const { return min_; }  ///< at most 0
  double max() const { return max_; }  ///< at least 0

 private:
  void cover(double magnitude);

  std::vector<double> counts_ = std::vector<double>(2 * num_bins + 1, 0.0);  // positive, negative, zero
  double range_ = 0, min_ = 0, max_ = 0;
};

}  // namespace tern::compress
