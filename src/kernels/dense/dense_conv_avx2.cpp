#include <immintrin.h>

#include "kernels/dense/dense_job.hpp"

#define TERN_UNROLL _Pragma("GCC unroll 32")

namespace tern::kernels::dense_avx2 {

using Vec = __m256i;
static constexpr int lanes = 8;
static constexpr int tile_pixels = 4, tile_vectors = 2;

static inline Vec load(const void* from) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(from));
}
static inline void store(void* to, Vec v) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), v);
}
static inline Vec add(Vec a, Vec b) {
  return _mm256_add_epi32(a, b);
}
static inline Vec multiply_pairs(Vec a, Vec b) {
  return _mm256_madd_epi16(a, b);
}
static inline Vec signed_even(Vec v) {
  return _mm256_srai_epi16(_mm256_slli_epi16(v, 8), 8);
}
static inline Vec signed_odd(Vec v) {
  return _mm256_srai_epi16(v, 8);
}
static inline Vec unsigned_even(Vec v) {
  return _mm256_and_si256(v, _mm256_set1_epi16(255));
}
static inline Vec unsigned_odd(Vec v) {
  return _mm256_srli_epi16(v, 8);
}
static inline Vec broadcast(const std::uint8_t* from) {
  std::int32_t word;
  __builtin_memcpy(&word, from, 4);
  return _mm256_set1_epi32(word);
}

#include "kernels/dense/dense_tile.inl"
#include "kernels/dense/dense_unpack.inl"

}  // namespace tern::kernels::dense_avx2
