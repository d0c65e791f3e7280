#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "kernels/dense/float_job.hpp"

namespace tern::kernels::float_avx512 {
namespace {
#define TERN_VECTOR_BYTES 64
#include "kernels/simd.inl"

TERN_INLINE Vec fma(Vec a, Vec b, Vec c) { return (Vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
constexpr int most_pixels([[maybe_unused]] int vectors) { return vectors == 4 ? 6 : vectors == 2 ? 12 : 16; }

/// The first `count` lanes, at most all; the others are zero or left as they are.
TERN_INLINE __mmask16 first_lanes(std::int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffff : count <= 0 ? 0 : (1 << count) - 1);
}
TERN_INLINE Vec load_some(const float* p, std::int64_t count) {
  return (Vec)_mm512_maskz_loadu_ps(first_lanes(count), p);
}
TERN_INLINE void store_some(float* p, Vec v, std::int64_t count) {
  _mm512_mask_storeu_ps(p, first_lanes(count), (__m512)v);
}

#include "kernels/dense/float_conv_impl.inl"
}  // namespace

const FloatKernels kernels{conv, depthwise};

}  // namespace tern::kernels::float_avx512
