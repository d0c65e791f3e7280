// What the units of one instruction set do for run_dense. Private to the kernels.
#pragma once

#include <cstdint>

#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// Output channels of a block of weights: one 512-bit vector of sums.
inline constexpr std::int64_t dense_channels = 16;
/// Bytes of a word of unpacked weights: 16 channels times 4 sources.
inline constexpr std::int64_t dense_word = 64;

/// Kernel taps whose source words follow each other in memory.
struct DenseRun {
  std::int64_t src;    ///< bytes from the pixel's first tap
  std::int64_t words;  ///< of 4 bytes, at least 1
};

/// Some blocks of output channels at the pixels [first_pixel, last_pixel), pixel = y * out_w + x.
struct DenseJob {
  const std::uint8_t* src;      ///< first tap of pixel (0, 0)
  std::int64_t step_y, step_x;  ///< bytes to the first tap of the next output pixel
  std::int64_t out_w, first_pixel, last_pixel;
  const DenseRun* runs;
  std::int64_t num_runs, words;
  std::int64_t kernel_h, kernel_w, tap_words, row_runs;  ///< taps, words of one, runs of one row of taps
  bool three_taps;       ///< kernel_w == 3, whose taps are step_x apart: neighbours share source words
  std::int64_t step_ky;  ///< bytes from a row of taps to the next
  /// Rows of the source, counted from the first tap of output row 0, that are not a border of zeros.
  std::int64_t first_src_row, last_src_row, stride_h, dilation_h;
  const std::int8_t* weights;   ///< [blocks][words][16][4]
  const std::int32_t* initial;  ///< [blocks][16]
  std::int64_t blocks, first_channel;
  const Epilogue* epilogue;
  /// Weights as they are stored, for RunFew: of `bits` bits, `packed_block` bytes a block.
  const std::uint8_t* packed;
  int bits;
  std::int64_t packed_block;

  bool in_border(std::int64_t y, std::int64_t ky) const {
    const std::int64_t row = y * stride_h + ky * dilation_h;
    return row < first_src_row || row >= last_src_row;
  }
};

using RunDense = void(const DenseJob&);
/// The same from packed weights, at most `few_pixels` pixels and a single run: each weight is used so seldom
/// that it is unpacked on its way into the product.
inline constexpr std::int64_t few_pixels = 4;
using RunFew = void(const DenseJob&);
/// Unpacks `words` words of one block.
using UnpackDense = void(int bits, std::int64_t words, const std::uint8_t* packed, std::int8_t* weights);

namespace dense_scalar {
RunDense run;
UnpackDense unpack;
}  // namespace dense_scalar
namespace dense_avx2 {
RunDense run;
UnpackDense unpack;
}  // namespace dense_avx2
namespace dense_avx512 {
RunDense run;
UnpackDense unpack;
}  // namespace dense_avx512
namespace dense_neon {
RunDense run;
UnpackDense unpack;
}  // namespace dense_neon
namespace dense_dotprod {
RunDense run;
UnpackDense unpack;
}  // namespace dense_dotprod
namespace dense_vnni {
RunDense run;
RunFew run_few;
UnpackDense unpack;
}  // namespace dense_vnni

}  // namespace tern::kernels
