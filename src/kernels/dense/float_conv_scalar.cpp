#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "kernels/dense/float_job.hpp"

namespace tern::kernels::float_scalar {
namespace {
#define TERN_VECTOR_BYTES 16
#include "kernels/simd.inl"

TERN_INLINE Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
constexpr int most_pixels([[maybe_unused]] int vectors) { return 4; }

/// The first `count` lanes, at most all; the others are zero or left as they are.
TERN_INLINE Vec load_some(const float* p, std::int64_t count) {
  float values[lanes] = {};
  for (std::int64_t i = 0; i < lanes && i < count; ++i) values[i] = p[i];
  return load(values);
}
TERN_INLINE void store_some(float* p, Vec v, std::int64_t count) {
  float values[lanes];
  store(values, v);
  for (std::int64_t i = 0; i < lanes && i < count; ++i) p[i] = values[i];
}

#include "kernels/dense/float_conv_impl.inl"
}  // namespace

const FloatKernels kernels{conv, depthwise};

}  // namespace tern::kernels::float_scalar
