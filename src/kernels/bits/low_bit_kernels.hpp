// What each instruction set provides for low-bit linear layers. Plain types only: the units include it.
#pragma once

#include <cstdint>

namespace tern::kernels {

inline constexpr std::int64_t low_bit_block = 16;  ///< output channels of a block of packed weights
inline constexpr std::int64_t low_bit_pixels = 8;  ///< most pixels of a tile

/// Inputs in one group: 64 bytes hold 16 channels x 4 inputs in each of the 8 / bits fields of their bytes.
/// Byte 4 * channel + j, field f (bits [f * bits, (f + 1) * bits)) is input 4 * f + j of the group.
constexpr std::int64_t low_bit_group(int bits) {
  return 32 / bits;
}

/// sums[p][o] = sum over inputs of u[o] * x[p] - zero * totals[p] + start[o]
struct LowBitTile {
  int bits;                     ///< 2 or 4
  std::int64_t groups;          ///< of inputs
  std::int64_t blocks;          ///< of channels
  const std::uint8_t* weights;  ///< [blocks][groups][64]
  const std::int32_t* start;    ///< [blocks * 16]
  std::int64_t count;           ///< pixels, at most 8
  const std::int8_t* src;       ///< [count][groups * inputs of a group], zeros behind the last input
  const std::int32_t* totals;   ///< [count]: sums of x
  std::int32_t* sums;           ///< [count][acc_pixel]
  std::int64_t acc_pixel;
};

struct LowBitKernels {
  /// dst[i] = src[i] - 128 for i < ic, 0 up to `padded`; returns the sum.
  std::int32_t (*prepare)(const std::uint8_t* src, std::int64_t ic, std::int64_t padded, std::int8_t* dst);
  void (*tile)(const LowBitTile&);
};

namespace low_bit_scalar {
extern const LowBitKernels kernels;
}
namespace low_bit_avx2 {
extern const LowBitKernels kernels;
}
namespace low_bit_neon {
extern const LowBitKernels kernels;
}
namespace low_bit_dotprod {
extern const LowBitKernels kernels;
}
namespace low_bit_vnni {
extern const LowBitKernels kernels;
}

}  // namespace tern::kernels
