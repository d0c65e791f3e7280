#include <immintrin.h>

#include "kernels/graph/spmm_job.hpp"

namespace tern::kernels::spmm_avx512 {
namespace {

using Vec = __m512;
constexpr std::int64_t lanes = 16;
constexpr int most_vectors = 16;

inline __attribute__((always_inline)) __mmask16 mask_of(std::int64_t count) {
  return static_cast<__mmask16>((1U << count) - 1U);
}
inline __attribute__((always_inline)) Vec zero() {
  return _mm512_setzero_ps();
}
inline __attribute__((always_inline)) Vec splat(float value) {
  return _mm512_set1_ps(value);
}
inline __attribute__((always_inline)) Vec multiply(Vec a, Vec b) {
  return _mm512_mul_ps(a, b);
}
inline __attribute__((always_inline)) Vec sum_of(Vec a, Vec b) {
  return _mm512_add_ps(a, b);
}
inline __attribute__((always_inline)) Vec multiply_add(Vec a, Vec b, Vec c) {
  return _mm512_fmadd_ps(a, b, c);
}
inline __attribute__((always_inline)) float sum_lanes(Vec v) {
  return _mm512_reduce_add_ps(v);
}

inline __attribute__((always_inline)) Vec load(const float* p) {
  return _mm512_loadu_ps(p);
}
inline __attribute__((always_inline)) Vec load_part(const float* p, std::int64_t count) {
  return _mm512_maskz_loadu_ps(mask_of(count), p);
}
inline __attribute__((always_inline)) Vec widen(__m256i half) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}
inline __attribute__((always_inline)) Vec load(const std::uint16_t* p) {
  return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
inline __attribute__((always_inline)) Vec load_part(const std::uint16_t* p, std::int64_t count) {
  return widen(_mm256_maskz_loadu_epi16(mask_of(count), p));
}
/// Nearest, ties to even; a NaN stays one.
inline __attribute__((always_inline)) __m256i narrow(Vec v) {
  const __m512i bits = _mm512_castps_si512(v);
  const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
  const __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
  const __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
  const __m512i kept = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x400000));
  return _mm512_cvtepi32_epi16(_mm512_srli_epi32(kept, 16));
}
inline __attribute__((always_inline)) void store(float* p, Vec v) {
  _mm512_storeu_ps(p, v);
}
inline __attribute__((always_inline)) void store_part(float* p, Vec v, std::int64_t count) {
  _mm512_mask_storeu_ps(p, mask_of(count), v);
}
inline __attribute__((always_inline)) void stream(float* p, Vec v) {
  _mm512_stream_ps(p, v);
}
inline __attribute__((always_inline)) void store(std::uint16_t* p, Vec v) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), narrow(v));
}
inline __attribute__((always_inline)) void store_part(std::uint16_t* p, Vec v, std::int64_t count) {
  _mm256_mask_storeu_epi16(p, mask_of(count), narrow(v));
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

}  // namespace tern::kernels::spmm_avx512
