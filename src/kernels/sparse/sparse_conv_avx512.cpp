// Floats by fused multiply-add; int8 words without VNNI as two products of 16-bit pairs, which cannot
// overflow.
#include <immintrin.h>

#include "kernels/sparse/sparse_conv_impl.hpp"

#define TERN_INLINE static inline __attribute__((always_inline))
#define TERN_INLINE_MEMBER inline __attribute__((always_inline))

namespace tern::kernels::sparse_avx512 {
namespace {
#include "kernels/epilogue_lanes_avx512.inl"
#include "kernels/sparse/sparse_lanes_avx512.inl"

struct Codes {
  typedef std::int32_t Sum;
  static constexpr std::int64_t element = 1, most = 4;  // tiles of more would each add 15 KB to every program
  struct Weight {
    Vec even, odd;
  };
  TERN_INLINE Weight weight(const std::uint32_t* word) {
    const Vec w = splat(static_cast<int>(*word));
    return {_mm512_srai_epi16(_mm512_slli_epi16(w, 8), 8), _mm512_srai_epi16(w, 8)};
  }
  TERN_INLINE Vec dot(Vec sum, const char* src, const Weight& weight) {
    const Vec bytes = load(src);
    const Vec even = _mm512_madd_epi16(_mm512_and_si512(bytes, _mm512_set1_epi16(255)), weight.even);
    const Vec odd = _mm512_madd_epi16(_mm512_srli_epi16(bytes, 8), weight.odd);
    return _mm512_add_epi32(sum, _mm512_add_epi32(even, odd));
  }
  TERN_INLINE Vec add(Vec a, Vec b) { return _mm512_add_epi32(a, b); }
};

struct Floats {
  typedef float Sum;
  static constexpr std::int64_t element = 4, most = 4;
  TERN_INLINE Vec weight(const std::uint32_t* word) { return splat(static_cast<int>(*word)); }
  /// As text: around the intrinsic, g++ 12 copies each sum twice.
  TERN_INLINE Vec dot(Vec sum, const char* src, Vec weight) {
    asm("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(weight), "m"(*reinterpret_cast<const __m512i_u*>(src)));
    return sum;
  }
  TERN_INLINE Vec add(Vec a, Vec b) {
    return _mm512_castps_si512(_mm512_add_ps(_mm512_castsi512_ps(a), _mm512_castsi512_ps(b)));
  }
};

#include "kernels/sparse/sparse_panels.inl"

#include "kernels/sparse/sparse_codes_avx512.inl"
#include "kernels/sparse/sparse_floats_avx512.inl"

constexpr Tile sum_tiles[2][4] = TERN_SPARSE_TILES(TERN_SPARSE_FOUR, sum_tile, Codes);
constexpr Tile codes_tiles[2][4] = TERN_SPARSE_TILES(TERN_SPARSE_FOUR, codes_tile, Codes);
constexpr Tile float_sum_tiles[2][4] = TERN_SPARSE_TILES(TERN_SPARSE_FOUR, sum_tile, Floats);
constexpr Tile float_tiles[2][4] = TERN_SPARSE_TILES(TERN_SPARSE_FOUR, floats_tile, Floats);
}  // namespace

void conv_codes(const SparseJob& job) {
  conv<Codes>(job, codes_alone(job) ? codes_tiles : sum_tiles);
}
void conv_floats(const SparseJob& job) {
  conv<Floats>(job, floats_alone(job.epilogue) ? float_tiles : float_sum_tiles);
}

}  // namespace tern::kernels::sparse_avx512
