// What each instruction set provides for bit-serial convolutions. Plain types only: the units include it.
#pragma once

#include <cstdint>

#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// Output channels of a block of packed weights. Word g * 8 + i of a block (g < 4, i < 8) is channel
/// 16 * (g / 2) + 2 * i + g % 2: two vectors of 64-bit sums merge into one of 32-bit sums in order.
inline constexpr std::int64_t bit_block = 32;

/// The words of a patch as chains of links. Kernels of several taps: a chain for each word of a pixel, a link a tap;
/// others: one chain of a pixel's words. Of every three links the first is kept as the exclusive or of all three; the
/// links % 3 at the end are kept as they are.
struct BitChains {
  std::int64_t chains, links;
};
BitChains chains_of(const ConvShape& shape);

/// One product of a source plane and a weight plane: total = (total << shift) +- popcount(w ^ x), shift 0
/// or 1.
struct BitTerm {
  std::int32_t source_plane, weight_plane, shift;
  bool negative;
};

/// Makes the chains of `count` pixels, from pixel `first` on in row-major order. Link k of chain c of plane q of
/// pixel p: patches[p * pixel + q * plane + c + k * link].
struct BitGather {
  std::int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, out_w;
  std::int64_t src_pixel, src_row;
  std::int64_t ic_words, planes;
  BitChains shape;
  std::int64_t pixel, plane, link;
  const std::uint64_t* src;  ///< under the first tap of pixel 0, in the border if there is one
  std::int64_t first, count;
  std::uint64_t* patches;
  std::int32_t* totals;  ///< [count]: sum over planes of 2^plane * population count; null: not wanted
};

/// Sums of one block of channels at `count` pixels, through the epilogue:
///   (alpha * totals[p] + start[start_rows[p] + o] - step * H[p][o]) >> beta, o in [0, width)
struct BitTile {
  BitChains shape;
  const std::uint64_t* patches = nullptr;           ///< as BitGather wrote them
  std::int64_t pixel = 0, plane = 0, link = 0;
  const BitTerm* terms = nullptr;
  std::int64_t num_terms = 0;
  const std::int32_t* totals = nullptr;      ///< null where alpha is 0
  const std::uint64_t* weights = nullptr;    ///< [planes of weights][chains][links][32], as links
  const std::int32_t* start = nullptr;       ///< [32] of each row
  const std::int64_t* start_rows = nullptr;  ///< [count]; null: zeros
  std::int32_t alpha = 0, beta = 0, step = 1;
  std::int64_t width = 0;  ///< channels wanted, at most 32
  std::int64_t count = 0;
  std::int32_t* sums = nullptr;  ///< [count][32], scratch
  const Epilogue* epilogue = nullptr;
  std::int64_t channel = 0;             ///< the first one, for the epilogue
  std::int64_t y = 0, x = 0, out_w = 1;  ///< of the first pixel
};

/// Codes to planes, see pack_bit_planes.
struct BitPack {
  std::int64_t places, channels;
  const std::uint8_t* codes;
  std::int64_t codes_pixel;
  std::int32_t planes;
  std::uint64_t* dst;
  std::int64_t dst_pixel;
};

struct BitKernels {
  void (*gather)(const BitGather&);
  void (*tile)(const BitTile&);
  void (*pack)(const BitPack&);
};

namespace bits_scalar {
extern const BitKernels kernels;
}
namespace bits_avx2 {
extern const BitKernels kernels;
}
namespace bits_neon {
extern const BitKernels kernels;
}
namespace bits_vnni {
extern const BitKernels kernels;
}

}  // namespace tern::kernels
