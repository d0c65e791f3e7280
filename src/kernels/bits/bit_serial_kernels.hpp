// What each instruction set provides for bit-serial convolutions. Plain types only: the units include it.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// Output channels of a block of packed weights. Word g * 8 + i of a block (g < 4, i < 8) is channel
/// 16 * (g / 2) + 2 * i + g % 2: two vectors of 64-bit sums merge into one of 32-bit sums in order.
inline constexpr std::int64_t bit_block = 32;

/// One product of a source plane and a weight plane: total = (total << shift) +- popcount(w ^ x), shift 0
/// or 1.
struct BitTerm {
  std::int32_t source_plane, weight_plane, shift;
  bool negative;
};

/// Copies the words under the kernel at `count` pixels, from pixel `first` on in row-major order, to
/// `patches`. patches: [count][planes][words]; of each plane's words, the first third then is the exclusive
/// or of all three thirds (words not divisible by three: the rest follows as it is).
struct BitGather {
  std::int64_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, out_w;
  std::int64_t src_pixel, src_row;
  std::int64_t ic_words, planes, words;
  const std::uint64_t* src;  ///< under the first tap of pixel 0, in the border if there is one
  std::int64_t first, count;
  std::uint64_t* patches;
  std::int32_t* totals;  ///< [count]: sum over planes of 2^plane * population count; null: not wanted
};

/// Sums of one block of channels at `count` pixels:
///   sums[p][o] = (alpha * totals[p] + start[o] - step * H[p][o]) >> beta, o in [0, width rounded up to 16)
struct BitTile {
  std::int64_t words = 0;               ///< of one plane of a patch
  const std::uint64_t* thirds[3] = {};  ///< of pixel 0, plane 0: words / 3 words each, the first one combined
  const std::uint64_t* rest = nullptr;  ///< the words % 3 others
  std::int64_t pixel = 0, plane = 0;    ///< words between pixels and between planes, of all four
  const BitTerm* terms = nullptr;
  std::int64_t num_terms = 0;
  const std::int32_t* totals = nullptr;    ///< null where alpha is 0
  const std::uint64_t* weights = nullptr;  ///< [planes of weights][words][32], thirds combined as in a patch
  const std::int32_t* start = nullptr;     ///< [32]
  std::int32_t alpha = 0, beta = 0, step = 1;
  std::int64_t width = 0;  ///< channels wanted, at most 32
  std::int64_t count = 0;
  std::int32_t* sums = nullptr;  ///< [count][32]
};

/// What is added to the sums of a pixel with taps over the border, as corners in a table of sums over taps.
struct BitCorrection {
  const std::int32_t *top_left, *top_right, *bottom_left, *bottom_right, *all;
};

struct BitKernels {
  void (*gather)(const BitGather&);
  /// dst[i] = a[i] ^ b[i] ^ c[i]
  void (*combine)(std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* c,
                  std::int64_t count);
  void (*tile)(const BitTile&);
  /// dst[o] += bottom_right[o] - top_right[o] - bottom_left[o] + top_left[o] - all[o], o in [0, 32)
  void (*correct)(const BitCorrection&, std::int32_t* dst);
};

namespace bits_scalar {
extern const BitKernels kernels;
}
namespace bits_avx2 {
extern const BitKernels kernels;
}
namespace bits_vnni {
extern const BitKernels kernels;
}

}  // namespace tern::kernels
