// What the units of one instruction set do for run_depthwise. Private to the kernels.
#pragma once

#include <cstdint>

#include "kernels/epilogue.hpp"

namespace tern::kernels {

inline constexpr std::int64_t depthwise_lanes = 64;

/// One block of lanes in output rows [first_row, last_row).
struct DepthwiseJob {
  const std::uint8_t* src;      ///< first tap of pixel (0, 0), the block's first channel
  std::int64_t step_y, step_x;  ///< bytes to the first tap of the next output pixel
  std::int64_t out_w, first_row, last_row;
  std::int64_t first_channel, width;  ///< channels of the block, at most 64
  std::int64_t pixels;                ///< that share a vector; width * pixels == 64 where it is more than 1
  const std::int64_t* offsets;        ///< [groups][4]: bytes from the first tap; taps that are none repeat another
  std::int64_t groups;
  bool columns;                       ///< a group a column, three columns, one pixel of the source apart
  const std::int8_t* weights;         ///< [groups][4][16][4 taps]
  const std::int32_t* initial;        ///< [4][16]
  std::int16_t* plain_weights;        ///< [groups * 4][64] in the order of lanes, filled where the unit wants it
  float* factors;                     ///< [4][64] to work with: scale, bias, norm_scale, norm_shift by lane
  const Epilogue* epilogue;
};

using RunDepthwise = void(const DepthwiseJob&);

namespace depthwise_scalar { RunDepthwise run; }
namespace depthwise_avx2 { RunDepthwise run; }
namespace depthwise_avx512 { RunDepthwise run; }
namespace depthwise_vnni { RunDepthwise run; }

}  // namespace tern::kernels
