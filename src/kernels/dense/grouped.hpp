// Convolutions of unsigned codes in groups, each a dense convolution of its own channels (AlexNet, ResNeXt).
//
// The formula, geometry and source are those of kernels/dense/dense_conv.hpp, with group_ic() channels a sum:
// the dense kernel runs group by group. Depthwise convolutions have kernels/dense/depthwise.hpp; a depth
// multiplier is served here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/dense/dense_conv.hpp"

namespace tern::kernels {

struct GroupedWeights {
  std::vector<DenseWeights> groups;

  std::size_t bytes() const;
};

/// codes: [oc][ic / groups][kernel_h][kernel_w]. Errors: as pack_dense, and ErrorKind::usage where groups do
/// not divide ic and oc.
GroupedWeights pack_grouped(const ConvShape& shape, const std::int8_t* codes, std::int32_t offset);

/// Bytes that run_grouped needs in `scratch`, aligned to 64.
std::size_t grouped_scratch_bytes(const ConvShape& shape, const GroupedWeights& weights);

/// Output rows [first_row, last_row) of one image; src is its element (0, 0).
/// Errors: ErrorKind::usage where src_pixel is not a multiple of 4 that holds ic.
void run_grouped(const ConvShape& shape, const GroupedWeights& weights, const std::uint8_t* src,
                 const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch);

}  // namespace tern::kernels
