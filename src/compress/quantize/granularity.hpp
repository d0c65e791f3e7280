// How many weights share one scale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// tensor:   one scale, shape [].
/// channel:  one for each slice along dimension 0 (an output channel), shape [oc].
/// group:N:  one for each run of at most N row-major elements of such a slice, shape [oc, g]: the runs are as long as
///           the largest divisor of the slice's length that is at most N ("group:32" of 3x3 kernels over 3 channels: 27).
struct Granularity {
  enum class Kind { tensor, channel, group } kind = Kind::tensor;
  std::int64_t group_size = 0;  ///< of Kind::group
  bool operator==(const Granularity&) const = default;
};

/// "tensor", "channel", "group:32". Errors: ErrorKind::usage.
Granularity parse_granularity(std::string_view text);
std::string to_text(const Granularity& granularity);

/// Shape of the scales of a weight with these extents.
std::vector<std::int64_t> scale_shape(const Granularity& granularity, at::IntArrayRef weight);

/// The weight as [scales, elements that share one]; no copy where it is contiguous.
at::Tensor rows_of(const at::Tensor& weight, const Granularity& granularity);

}  // namespace tern::compress
