#include <immintrin.h>

#include "kernels/dense/dense_job.hpp"

#define TERN_UNROLL _Pragma("GCC unroll 32")

namespace tern::kernels::dense_avx512 {

using Vec = __m512i;
static constexpr int lanes = 16;
static constexpr int tile_pixels = 8, tile_vectors = 2;

static inline Vec load(const void* from) {
  return _mm512_loadu_si512(from);
}
static inline void store(void* to, Vec v) {
  _mm512_storeu_si512(to, v);
}
static inline Vec add(Vec a, Vec b) {
  return _mm512_add_epi32(a, b);
}
static inline Vec multiply_pairs(Vec a, Vec b) {
  return _mm512_madd_epi16(a, b);
}
static inline Vec signed_even(Vec v) {
  return _mm512_srai_epi16(_mm512_slli_epi16(v, 8), 8);
}
static inline Vec signed_odd(Vec v) {
  return _mm512_srai_epi16(v, 8);
}
static inline Vec unsigned_even(Vec v) {
  return _mm512_and_si512(v, _mm512_set1_epi16(255));
}
static inline Vec unsigned_odd(Vec v) {
  return _mm512_srli_epi16(v, 8);
}
static inline Vec broadcast(const std::uint8_t* from) {
  std::int32_t word;
  __builtin_memcpy(&word, from, 4);
  return _mm512_set1_epi32(word);
}

#include "kernels/dense/dense_tile.inl"
#include "kernels/dense/dense_unpack.inl"

}  // namespace tern::kernels::dense_avx512
