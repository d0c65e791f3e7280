// What the units of one instruction set do for run_depthwise. Private to the kernels.
#pragma once

#include <cstdint>

#include "kernels/epilogue.hpp"

namespace tern::kernels {

inline constexpr std::int64_t depthwise_lanes = 32;

/// All lanes in output rows [first_row, last_row).
struct DepthwiseJob {
  const std::uint8_t* src;      ///< first tap of pixel (0, 0)
  std::int64_t step_y, step_x;  ///< bytes to the first tap of the next output pixel
  std::int64_t out_w, first_row, last_row;
  std::int64_t channels, blocks;
  std::int64_t pixels;          ///< that share a block; channels * pixels == 32 where it is more than 1
  const std::int64_t* offsets;  ///< [groups][4]: bytes from the first tap; taps that are none repeat another
  std::int64_t groups;
  bool columns;                 ///< a group a column of three rows
  const std::int8_t* weights;   ///< [blocks][groups][32][4 taps]
  const std::int32_t* initial;  ///< [blocks][32]
  std::int16_t* plain_weights;  ///< room for [groups * 4][32], for units that want weights tap by tap
  const Epilogue* epilogue;
};

using RunDepthwise = void(const DepthwiseJob&);

namespace depthwise_scalar {
RunDepthwise run;
}
namespace depthwise_avx2 {
RunDepthwise run;
}
namespace depthwise_avx512 {
RunDepthwise run;
}
namespace depthwise_neon {
RunDepthwise run;
}
namespace depthwise_vnni {
RunDepthwise run;
}

}  // namespace tern::kernels
