// Eight channels of a pixel at a time; channels left over go through the plain function.
#include <immintrin.h>

#include "kernels/epilogue_impl.hpp"

namespace tern::kernels::epilogue_avx2 {
namespace {

/// A pixel's places in the planes that there are, from the job's first channel on.
struct Pixel {
  const float* residual;
  const std::uint8_t* residual_codes;
  float* floats;
  std::uint8_t* codes;
};

template <class T>
T* place(const Plane<T>& plane, const FinishJob& job, std::int64_t x) {
  return plane.data != nullptr ? plane.at(job.y, x) + job.first : nullptr;
}

/// Eight bytes as whole numbers.
inline __m256i load_bytes(const std::uint8_t* from) {
  return _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)));
}

inline __m256 value_of(const Epilogue& e, __m256 v, std::int64_t c) {
  if (e.scale != nullptr) v = _mm256_mul_ps(v, _mm256_loadu_ps(e.scale + c));
  if (e.bias != nullptr) v = _mm256_add_ps(v, _mm256_loadu_ps(e.bias + c));
  if (e.norm_scale != nullptr)
    v = _mm256_add_ps(_mm256_mul_ps(v, _mm256_loadu_ps(e.norm_scale + c)), _mm256_loadu_ps(e.norm_shift + c));
  return v;
}

inline void store_codes(const Epilogue& e, __m256 v, std::uint8_t* to) {
  const __m256 scaled = _mm256_mul_ps(v, _mm256_set1_ps(e.inverse_scale));
  const __m256 clamped = _mm256_min_ps(_mm256_max_ps(scaled, _mm256_set1_ps(e.low)), _mm256_set1_ps(e.high));
  const __m256i codes = _mm256_add_epi32(_mm256_cvtps_epi32(clamped), _mm256_set1_epi32(e.offset));
  const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(codes), _mm256_extracti128_si256(codes, 1));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_packus_epi16(words, words));
}

/// Channels [i, i + 8) of the job at one pixel; v: their sums.
inline void finish_eight(const Epilogue& e, const Pixel& pixel, __m256 v, std::int64_t c, std::int64_t i) {
  v = value_of(e, v, c);
  if (pixel.residual != nullptr) v = _mm256_add_ps(v, _mm256_loadu_ps(pixel.residual + i));
  if (pixel.residual_codes != nullptr) {
    const __m256i codes =
        _mm256_sub_epi32(load_bytes(pixel.residual_codes + i), _mm256_set1_epi32(e.residual_offset));
    v = _mm256_add_ps(v, _mm256_mul_ps(_mm256_cvtepi32_ps(codes), _mm256_set1_ps(e.residual_scale)));
  }
  // Operands as std::max(v, low) orders them: v comes through where both are equal.
  if (e.clamp) v = _mm256_min_ps(_mm256_set1_ps(e.clamp_high), _mm256_max_ps(_mm256_set1_ps(e.clamp_low), v));
  if (pixel.floats != nullptr) _mm256_storeu_ps(pixel.floats + i, v);
  if (pixel.codes != nullptr) store_codes(e, v, pixel.codes + i);
}

}  // namespace

void finish(const FinishJob& job) {
  const Epilogue& e = job.epilogue;
  const std::int64_t whole = job.width / 8 * 8;
  for (std::int64_t p = 0; p < job.count; ++p) {
    const std::int64_t x = job.x + p;
    const Pixel pixel{place(e.residual, job, x), place(e.residual_codes, job, x), place(e.floats, job, x),
                      place(e.codes, job, x)};
    for (std::int64_t i = 0; i < whole; i += 8) {
      const std::int64_t at = p * job.acc_pixel + i;
      const __m256 sum =
          job.sums != nullptr
              ? _mm256_cvtepi32_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(job.sums + at)))
              : _mm256_loadu_ps(job.float_sums + at);
      finish_eight(e, pixel, sum, job.first + i, i);
    }
  }
  if (whole == job.width) return;
  FinishJob rest = job;
  if (rest.sums != nullptr) rest.sums += whole;
  if (rest.float_sums != nullptr) rest.float_sums += whole;
  rest.first += whole;
  rest.width -= whole;
  epilogue_scalar::finish(rest);
}

}  // namespace tern::kernels::epilogue_avx2
