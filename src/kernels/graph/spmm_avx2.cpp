#include <immintrin.h>

#include "kernels/graph/spmm_job.hpp"

namespace tern::kernels::spmm_avx2 {
namespace {

using Vec = __m256;
constexpr std::int64_t lanes = 8;
constexpr int most_vectors = 8;

inline __attribute__((always_inline)) __m256i mask_of(std::int64_t count) {
  const __m256i place = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(count)), place);
}
inline __attribute__((always_inline)) Vec zero() {
  return _mm256_setzero_ps();
}
inline __attribute__((always_inline)) Vec splat(float value) {
  return _mm256_set1_ps(value);
}
inline __attribute__((always_inline)) Vec multiply(Vec a, Vec b) {
  return _mm256_mul_ps(a, b);
}
inline __attribute__((always_inline)) Vec sum_of(Vec a, Vec b) {
  return _mm256_add_ps(a, b);
}
inline __attribute__((always_inline)) Vec multiply_add(Vec a, Vec b, Vec c) {
  return _mm256_fmadd_ps(a, b, c);
}
inline __attribute__((always_inline)) float sum_lanes(Vec v) {
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

inline __attribute__((always_inline)) Vec load(const float* p) {
  return _mm256_loadu_ps(p);
}
inline __attribute__((always_inline)) Vec load_part(const float* p, std::int64_t count) {
  return _mm256_maskload_ps(p, mask_of(count));
}
inline __attribute__((always_inline)) Vec widen(__m128i half) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}
inline __attribute__((always_inline)) Vec load(const std::uint16_t* p) {
  return widen(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
inline __attribute__((always_inline)) Vec load_part(const std::uint16_t* p, std::int64_t count) {
  std::uint16_t part[8] = {};
  for (std::int64_t i = 0; i < count; ++i) part[i] = p[i];
  return load(part);
}
/// Nearest, ties to even; a NaN stays one.
inline __attribute__((always_inline)) __m128i narrow(Vec v) {
  const __m256i bits = _mm256_castps_si256(v);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
  const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
  const __m256i kept = _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
  return _mm_packus_epi32(_mm256_castsi256_si128(kept), _mm256_extracti128_si256(kept, 1));
}
inline __attribute__((always_inline)) void store(float* p, Vec v) {
  _mm256_storeu_ps(p, v);
}
inline __attribute__((always_inline)) void store_part(float* p, Vec v, std::int64_t count) {
  _mm256_maskstore_ps(p, mask_of(count), v);
}
inline __attribute__((always_inline)) void stream(float* p, Vec v) {
  _mm256_stream_ps(p, v);
}
inline __attribute__((always_inline)) void store(std::uint16_t* p, Vec v) {
  _mm_storeu_si128(reinterpret_cast<__m128i*>(p), narrow(v));
}
inline __attribute__((always_inline)) void store_part(std::uint16_t* p, Vec v, std::int64_t count) {
  std::uint16_t part[8];
  store(part, v);
  for (std::int64_t i = 0; i < count; ++i) p[i] = part[i];
}
inline __attribute__((always_inline)) void stream(std::uint16_t* p, Vec v) {
  store(p, v);
}
inline __attribute__((always_inline)) void finish_streams() {
  _mm_sfence();
}

#include "kernels/graph/spmm_impl.inl"

}  // namespace

extern const SpmmUnit unit = {product_rows<float, float>, product_rows<std::uint16_t, float>,
                              product_rows<std::uint16_t, std::uint16_t>, sddmm_rows};

}  // namespace tern::kernels::spmm_avx2
