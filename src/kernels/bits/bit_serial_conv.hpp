// Convolutions of bit planes: 64 multiplications a word by exclusive or and population count.
//
// A weight is a sum of signed bit planes, w = sum_q s_q * w_q with bits w_q, and so is a source code,
// x = sum_p 2^p * x_p. Since popcount(a & b) = (popcount(a) + popcount(b) - popcount(a ^ b)) / 2,
//   sum of w * x = (alpha * popcount(x) + start[o] - H) / 2^beta,  H = sum_pq 2^p * s_q * popcount(w_q ^ x_p)
// where alpha is 0 for binary and ternary weights. Exclusive or is linear: three words d_i = w_i ^ x_i add
//   popcount(d_0) + popcount(d_1) + popcount(d_2) = popcount(s) + 2 * popcount(majority),
//   s = (w_0 ^ w_1 ^ w_2) ^ (x_0 ^ x_1 ^ x_2),  majority a function of (s, d_1, d_2)
// with the parentheses computed once: 8 vector operations for three words instead of 9. The three are taps of a
// kernel, or words of a pixel where it has one tap (kernels/bits/bit_serial_kernels.hpp).
//
// Bits in place of multiplications: Rastegari, Ordonez, Redmon and Farhadi, "XNOR-Net", 2016; several planes:
// Umuroglu and Jahre, "Streamlined Deployment for Quantized Neural Networks", 2017. The carry-save step is
// ours, after Harley and Seal's population count.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/conv_shape.hpp"
#include "kernels/dense/aligned_bytes.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// The codes that the weights take: {-1, 1}, {-1, 0, 1}, or {-2, -1, 0, 1}.
enum class BitWeights : std::uint8_t { binary, ternary, two_bit };

/// What the bits of a source mean: value = zero + step * code, code = bit of plane 0 + 2 * bit of plane 1.
/// Spikes and codes {0, 1}: zero 0, step 1. Signs {-1, 1}: zero -1, step 2. Two-bit codes with zero point z:
/// zero -z, planes 2.
struct BitSource {
  std::int32_t planes = 1;  ///< 1 or 2; those of a pixel lie one behind another, each of ceil(ic / 64) words
  std::int32_t zero = 0, step = 1;  ///< |zero| and |step| at most 255
  std::int64_t h = 0, w = 0;  ///< without the border; read only where zero is not 0 and there is padding
};

/// Weights packed for run_bit_serial_conv.
struct BitSerialWeights {
  BitWeights kind = BitWeights::binary;
  BitSource source;
  std::int64_t oc = 0;
  std::int64_t words = 0;  ///< of one plane of all taps
  AlignedBytes planes;  ///< words [ceil(oc / 32)][planes of the kind][words][32], see bit_serial_kernels.hpp
  /// [classes of rows * classes of columns][oc, padded to 32]: where sums start, by which taps lie in the border.
  std::vector<std::int32_t> start;
  /// Of each output row (times the classes of columns) and column; empty where padding needs no correction.
  std::vector<std::int32_t> row_class, column_class;
  std::size_t bytes() const;
};

/// Packs codes [oc][ic][kernel_h][kernel_w].
/// Errors: unsupported (groups, planes, sums that int32 may not hold), usage (a source's size is missing or
/// does not fit), bad_data (a code that the kind has not).
BitSerialWeights pack_bit_serial_conv(const ConvShape& shape, BitWeights kind, const std::int8_t* codes,
                                      const BitSource& source);

/// Bytes that run_bit_serial_conv needs; 64-byte aligned is best.
std::size_t bit_serial_conv_scratch_bytes(const ConvShape& shape, const BitSerialWeights& weights);

/// Rows [first_row, last_row) of one image: sums of weight * value, padding counts as value 0, through
/// `epilogue`. src: words, bits of padding channels zero, a border of zero words as ConvShape says; src_pixel
/// and src_row count words.
void run_bit_serial_conv(const ConvShape& shape, const BitSerialWeights& weights, const std::uint64_t* src,
                         const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                         void* scratch);
/// The same for channels [first_channel, last_channel) only, so that threads can share a linear layer of one
/// row; first_channel is a multiple of 32.
void run_bit_serial_conv(const ConvShape& shape, const BitSerialWeights& weights, const std::uint64_t* src,
                         const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row,
                         std::int64_t first_channel, std::int64_t last_channel, void* scratch);

/// Packs unsigned codes [places][channels] into planes: dst[place * dst_pixel + plane * ceil(channels / 64) +
/// c / 64]. A code's bits above `planes` are dropped. Words of a place behind its planes stay untouched.
void pack_bit_planes(std::int64_t places, std::int64_t channels, const std::uint8_t* codes,
                     std::int64_t codes_pixel, std::int32_t planes, std::uint64_t* dst,
                     std::int64_t dst_pixel);

}  // namespace tern::kernels
