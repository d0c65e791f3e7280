// Linear layers with weights of 2 bits (ternary too) or 4 bits and activations of 8 bits.
//
// Weights are stored as unsigned u = w + zero (zero = 2 or 8), several in a byte; activations become signed,
// x = byte - 128:
//   sum of w * (byte - offset) = sum of u * x - zero * sum of x + (128 - offset) * sum of w
// so that unpacking is a mask, and VPDPBUSD multiplies. For one row not even fields in the middle of a byte
// are shifted: their sums are multiples of 4, 16 or 64, divided once at the end. More rows share one
// unpacking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/conv_shape.hpp"
#include "kernels/dense/aligned_bytes.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// Weights packed for run_low_bit_linear.
struct LowBitWeights {
  int bits = 2;
  std::int64_t ic = 0, oc = 0;
  AlignedBytes packed;              ///< see low_bit_kernels.hpp
  std::vector<std::int32_t> start;  ///< [oc, padded to 16]: (128 - offset) * sum of weights
  std::size_t bytes() const { return packed.size() + start.size() * sizeof(start[0]); }
};

/// Packs codes [oc][ic] of `bits` 2 (-2 .. 1: ternary weights and two-bit ones) or 4 (-8 .. 7); `offset` is
/// the byte of value zero, 0 .. 255. The convolution is 1x1 without padding, in one group.
/// Errors: unsupported (bits, geometry, more than 131072 inputs), bad_data (a code out of range), usage
/// (offset).
LowBitWeights pack_low_bit_linear(const ConvShape& shape, int bits, const std::int8_t* codes,
                                  std::int32_t offset);

/// Bytes that run_low_bit_linear needs; 64-byte aligned is best.
std::size_t low_bit_linear_scratch_bytes(const ConvShape& shape, const LowBitWeights& weights);

/// Rows [first_row, last_row) of one image: sums of weight * (byte - offset) through `epilogue`.
/// src: unsigned codes; bytes of a pixel behind its channels hold anything.
void run_low_bit_linear(const ConvShape& shape, const LowBitWeights& weights, const std::uint8_t* src,
                        const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                        void* scratch);
/// The same for channels [first_channel, last_channel) only, so that threads can share a layer of one row;
/// first_channel is a multiple of 16.
void run_low_bit_linear(const ConvShape& shape, const LowBitWeights& weights, const std::uint8_t* src,
                        const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                        std::int64_t first_channel, std::int64_t last_channel, void* scratch);

}  // namespace tern::kernels
