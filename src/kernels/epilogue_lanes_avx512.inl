// One vector of 16 channels through an Epilogue, for kernels that finish sums while they are in registers.
// Include inside a namespace of a unit compiled for AVX-512, after <immintrin.h> and kernels/epilogue.hpp.

/// Which parts an Epilogue has, so that a loop over pixels tests them once.
struct FinishParts {
  bool scale, bias, norm, residual, residual_codes, clamp, floats, codes;
};

static inline __attribute__((always_inline)) FinishParts parts_of(const Epilogue& e) {
  return {e.scale != nullptr,         e.bias != nullptr, e.norm_scale != nullptr, e.residual.data != nullptr,
          e.residual_codes.data != nullptr, e.clamp,     e.floats.data != nullptr, e.codes.data != nullptr};
}

/// Channels [c, c + 16) of pixel (y, x), those of `mask`; `sum` holds their sums as floats.
static inline __attribute__((always_inline)) void finish_lanes(const Epilogue& e, const FinishParts& parts, __m512 sum,
                                                               std::int64_t y, std::int64_t x, std::int64_t c,
                                                               __mmask16 mask) {
  __m512 v = sum;
  if (parts.scale) v = _mm512_mul_ps(v, _mm512_loadu_ps(e.scale + c));
  if (parts.bias) v = _mm512_add_ps(v, _mm512_loadu_ps(e.bias + c));
  if (parts.norm)
    v = _mm512_add_ps(_mm512_mul_ps(v, _mm512_loadu_ps(e.norm_scale + c)), _mm512_loadu_ps(e.norm_shift + c));
  if (parts.residual) v = _mm512_add_ps(v, _mm512_maskz_loadu_ps(mask, e.residual.at(y, x) + c));
  if (parts.residual_codes) {
    const __m512i bytes = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, e.residual_codes.at(y, x) + c));
    const __m512 values = _mm512_cvtepi32_ps(_mm512_sub_epi32(bytes, _mm512_set1_epi32(e.residual_offset)));
    v = _mm512_add_ps(v, _mm512_mul_ps(values, _mm512_set1_ps(e.residual_scale)));
  }
  // Operands as std::max(v, low) orders them: v comes through where both are equal.
  if (parts.clamp)
    v = _mm512_min_ps(_mm512_set1_ps(e.clamp_high), _mm512_max_ps(_mm512_set1_ps(e.clamp_low), v));
  if (parts.floats) _mm512_mask_storeu_ps(e.floats.at(y, x) + c, mask, v);
  if (parts.codes) {
    const __m512 scaled = _mm512_mul_ps(v, _mm512_set1_ps(e.inverse_scale));
    const __m512 clamped = _mm512_min_ps(_mm512_max_ps(scaled, _mm512_set1_ps(e.low)), _mm512_set1_ps(e.high));
    const __m512i codes = _mm512_add_epi32(_mm512_cvtps_epi32(clamped), _mm512_set1_epi32(e.offset));
    _mm_mask_storeu_epi8(e.codes.at(y, x) + c, mask, _mm512_cvtepi32_epi8(codes));
  }
}

static inline __attribute__((always_inline)) void finish_lanes(const Epilogue& e, const FinishParts& parts, __m512i sum,
                                                               std::int64_t y, std::int64_t x, std::int64_t c,
                                                               __mmask16 mask) {
  finish_lanes(e, parts, _mm512_cvtepi32_ps(sum), y, x, c, mask);
}
