// Convolutions and linear layers whose weights are mostly zero.
//
//   dst[y][x][o] = epilogue(initial[o] + sum over kept blocks of weight * src)
//
// Weights are kept in words of 4 bytes, compressed by output channel (CSR): a word is four consecutive input
// channels of one tap as int8, or one float. A word is kept when any of its weights is not zero, so that
// pruning in blocks of 1x4 pays fully and unstructured int8 weights use the same format. int8 sums are exact;
// float sums agree with the formula within rounding (fused, in an order that depends on the instruction set
// and on how many rows are asked for).
//
// Method: pixels are packed into a panel [word][pixels], so that a kept word is one broadcast times a few
// vectors of pixels. A panel holds a copy of the source for each column of the kernel; its rows are shifts
// within a copy.
// Source: Elsen et al. 2020, "Fast Sparse ConvNets" (kept weights times vectors of pixels).
// Where we differ: int8 words for VNNI, panels made from channels-last images, kernels larger than 1x1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// int8 words in lanes of 16 output channels, for layers of few pixels: a step is a word of each channel, all
/// from one window of 32 words of the source, so that two registers and a permutation look up the source
/// words of 16 channels. Channels without a word in the window have a zero there.
struct SparseLanes {
  std::vector<std::uint32_t> start;   ///< [oc / 16 rounded up + 1] first step; empty: lanes are not in use
  std::vector<std::uint16_t> window;  ///< [steps] first source word
  std::vector<std::uint8_t> index;    ///< [steps][16] place in the window
  std::vector<std::uint32_t> words;   ///< [steps][16]
};

/// Weights of one sparse convolution; made by pack_sparse_conv.
struct SparseConvWeights {
  bool floats = false;                ///< a word is one float, else four int8
  std::int64_t pixel_words = 0;       ///< words of one tap: ic, or ic / 4 rounded up
  std::int64_t blocks = 1;            ///< parts of the panel's rows, each of which fits the nearest cache
  std::vector<std::uint32_t> words;   ///< kept words, by block, then by output channel, then by index
  int row_bits = 0;                   ///< see index
  std::vector<std::uint16_t> index;   ///< of each kept word: place of its tap row << row_bits | row of the panel
  std::vector<std::uint32_t> start;   ///< [blocks][oc + 1] first kept word of each output channel
  std::vector<std::int32_t> initial;  ///< [oc] of int8: -offset * sum of the channel's weights
  std::int64_t largest = 0;           ///< of int8: no sum is larger in size
  SparseLanes lanes;                  ///< instead of words, index and start
  std::int64_t kept = 0;              ///< words that are not zero

  std::size_t bytes() const;
  /// Kept words as a fraction of all.
  double density(const ConvShape& shape) const;
};

/// Whether a layer's words can be told apart by 16 bits: always up to 16384 words an output channel.
bool fits_sparse_conv(const ConvShape& shape);

/// Most output pixels of a layer with one tap whose int8 words are packed in lanes.
inline constexpr std::int64_t sparse_lane_pixels = 4;

/// codes [oc][ic][kernel_h][kernel_w]; offset: the byte of value zero in the source, 0 to 255.
/// Errors: ErrorKind::unsupported for groups != 1, or where the layer has too many words (fits_sparse_conv);
/// ErrorKind::usage for an offset out of range, or a src_pixel that is no multiple of 4 or smaller than ic.
SparseConvWeights pack_sparse_conv(const ConvShape& shape, const std::int8_t* codes, std::int32_t offset);
/// weight [oc][ic][kernel_h][kernel_w]. Errors: as above.
SparseConvWeights pack_sparse_conv(const ConvShape& shape, const float* weight);

/// Bytes that one call of run_sparse_conv needs, on any instruction set and for any rows.
std::size_t sparse_conv_scratch_bytes(const ConvShape& shape, const SparseConvWeights& weights);

/// Output rows [first_row, last_row) of one image. src: byte (y 0, x 0) of unsigned codes inside their
/// border. Distinct rows may run on several threads, each with a scratch of its own. `shape` is that of
/// packing; out_h may differ. Errors: ErrorKind::usage for weights of the other type.
void run_sparse_conv(const ConvShape& shape, const SparseConvWeights& weights, const std::uint8_t* src,
                     const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch);
/// The same on floats; weights packed from floats.
void run_sparse_conv(const ConvShape& shape, const SparseConvWeights& weights, const float* src,
                     const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch);

}  // namespace tern::kernels
