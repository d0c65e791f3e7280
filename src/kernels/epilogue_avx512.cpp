#include <immintrin.h>

#include "kernels/epilogue_impl.hpp"

namespace tern::kernels::epilogue_avx512 {
namespace {
#include "kernels/epilogue_lanes_avx512.inl"

/// Sums to codes with nothing added from memory, the commonest end of a layer: no tests between pixels. Parts that are
/// left out take the values that change nothing, bit for bit (-0 in sums).
template <bool norm, bool clamp>
void finish_codes(const FinishJob& job) {
  const Epilogue& e = job.epilogue;
  const __m512 one = _mm512_set1_ps(1.0F), nothing = _mm512_set1_ps(-0.0F);
  const __m512 clamp_low = _mm512_set1_ps(e.clamp_low), clamp_high = _mm512_set1_ps(e.clamp_high);
  const __m512 inverse = _mm512_set1_ps(e.inverse_scale), low = _mm512_set1_ps(e.low), high = _mm512_set1_ps(e.high);
  const __m512i offset = _mm512_set1_epi32(e.offset);
  for (std::int64_t i = 0; i < job.width; i += 16) {
    const std::int64_t left = job.width - i, c = job.first + i;
    const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
    const __m512 scale = e.scale != nullptr ? _mm512_loadu_ps(e.scale + c) : one;
    const __m512 bias = e.bias != nullptr ? _mm512_loadu_ps(e.bias + c) : nothing;
    const __m512 norm_scale = norm ? _mm512_loadu_ps(e.norm_scale + c) : one;
    const __m512 norm_shift = norm ? _mm512_loadu_ps(e.norm_shift + c) : nothing;
    const std::int32_t* sums = job.sums + i;
    std::uint8_t* codes = e.codes.at(job.y, job.x) + c;
    for (std::int64_t p = 0; p < job.count; ++p, sums += job.acc_pixel, codes += e.codes.pixel) {
      __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, sums)), scale);
      v = _mm512_add_ps(v, bias);
      if (norm) v = _mm512_add_ps(_mm512_mul_ps(v, norm_scale), norm_shift);
      if (clamp) v = _mm512_min_ps(clamp_high, _mm512_max_ps(clamp_low, v));
      v = _mm512_min_ps(_mm512_max_ps(_mm512_mul_ps(v, inverse), low), high);
      const __m512i rounded = _mm512_add_epi32(_mm512_cvtps_epi32(v), offset);
      _mm_mask_storeu_epi8(codes, mask, _mm512_cvtepi32_epi8(rounded));
    }
  }
}

}  // namespace

void finish(const FinishJob& job) {
  const Epilogue& e = job.epilogue;
  if (job.sums != nullptr && e.codes.data != nullptr && e.floats.data == nullptr && e.residual.data == nullptr &&
      e.residual_codes.data == nullptr)
    return e.norm_scale != nullptr ? (e.clamp ? finish_codes<true, true>(job) : finish_codes<true, false>(job))
                                   : (e.clamp ? finish_codes<false, true>(job) : finish_codes<false, false>(job));
  const FinishParts parts = parts_of(e);
  for (std::int64_t p = 0; p < job.count; ++p)
    for (std::int64_t i = 0; i < job.width; i += 16) {
      const std::int64_t left = job.width - i;
      const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
      const std::int64_t at = p * job.acc_pixel + i;
      const __m512 sum = job.sums != nullptr ? _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(mask, job.sums + at))
                                             : _mm512_maskz_loadu_ps(mask, job.float_sums + at);
      finish_lanes(e, parts, sum, job.y, job.x + p, job.first + i, mask);
    }
}

}  // namespace tern::kernels::epilogue_avx512
