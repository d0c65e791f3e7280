// int8 words by vpdpbusd.
#include <immintrin.h>

#include "kernels/sparse/sparse_conv_impl.hpp"

#define TERN_INLINE static inline __attribute__((always_inline))
#define TERN_INLINE_MEMBER inline __attribute__((always_inline))

namespace tern::kernels::sparse_vnni {
namespace {
#include "kernels/epilogue_lanes_avx512.inl"
#include "kernels/sparse/sparse_lanes_avx512.inl"

struct Codes {
  typedef std::int32_t Sum;
  static constexpr std::int64_t element = 1, most = 10;
  TERN_INLINE Vec weight(const std::uint32_t* word) { return splat(static_cast<int>(*word)); }
  /// As text: around the intrinsic, g++ 12 copies each sum twice.
  TERN_INLINE Vec dot(Vec sum, const char* src, Vec weight) {
    const Vec bytes = load(src);
    asm("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(bytes), "v"(weight));
    return sum;
  }
  TERN_INLINE Vec add(Vec a, Vec b) { return _mm512_add_epi32(a, b); }
};

#include "kernels/sparse/sparse_panels.inl"

#include "kernels/sparse/sparse_codes_avx512.inl"

constexpr Tile sum_tiles[2][10] = TERN_SPARSE_TILES(TERN_SPARSE_TEN, sum_tile, Codes);
constexpr Tile codes_tiles[2][10] = TERN_SPARSE_TILES(TERN_SPARSE_TEN, codes_tile, Codes);
}  // namespace

void conv_codes(const SparseJob& job) {
  conv<Codes>(job, codes_alone(job) ? codes_tiles : sum_tiles);
}

}  // namespace tern::kernels::sparse_vnni
