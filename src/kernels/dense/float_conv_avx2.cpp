#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "kernels/dense/float_job.hpp"

namespace tern::kernels::float_avx2 {
namespace {
#define TERN_VECTOR_BYTES 32
#include "kernels/simd.inl"

TERN_INLINE Vec fma(Vec a, Vec b, Vec c) { return (Vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
constexpr int most_pixels([[maybe_unused]] int vectors) { return 6; }

/// The first `count` lanes, at most all; the others are zero or left as they are.
TERN_INLINE __m256i first_lanes(std::int64_t count) {
  const int all = static_cast<int>(count >= 8 ? 8 : count <= 0 ? 0 : count);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(all), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
TERN_INLINE Vec load_some(const float* p, std::int64_t count) {
  return (Vec)_mm256_maskload_ps(p, first_lanes(count));
}
TERN_INLINE void store_some(float* p, Vec v, std::int64_t count) {
  _mm256_maskstore_ps(p, first_lanes(count), (__m256)v);
}

#include "kernels/dense/float_conv_impl.inl"
}  // namespace

const FloatKernels kernels{conv, depthwise};

}  // namespace tern::kernels::float_avx2
