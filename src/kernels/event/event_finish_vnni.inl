// Sums of a few pixels in 16 bits through an Epilogue. Include inside a namespace of a unit compiled for
// AVX-512, after <immintrin.h> and kernels/epilogue.hpp.
#include "kernels/epilogue_lanes_avx512.inl"

/// Sums [pixels][stride] of pixels (y, x) and on, channels [first, first + width).
struct SumsOfPixels {
  const std::int16_t* sums;
  std::int64_t stride, y, x, pixels, first, width;
};

TERN_INLINE __mmask16 first_lanes(std::int64_t left) {
  return static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
}

using FinishPixels = void (*)(const Epilogue&, const SumsOfPixels&);

static void finish_any(const Epilogue& e, const SumsOfPixels& s) {
  const FinishParts parts = parts_of(e);
  for (std::int64_t i = 0; i < s.width; i += 16) {
    const __mmask16 mask = first_lanes(s.width - i);
    for (std::int64_t p = 0; p < s.pixels; ++p) {
      const auto* const sums = reinterpret_cast<const __m256i*>(s.sums + p * s.stride + i);
      finish_lanes(e, parts, _mm512_cvtepi16_epi32(_mm256_load_si256(sums)), s.y, s.x + p, s.first + i, mask);
    }
  }
}

/// Parts known to the compiler, and factors copied so that it keeps them in registers: a large part of a
/// layer with few spikes lies here.
template <bool bias, bool norm, bool codes>
static void finish_common(const Epilogue& epilogue, const SumsOfPixels& of) {
  const SumsOfPixels s = of;
  constexpr FinishParts parts{true, bias, norm, false, false, codes, !codes, codes};
  for (std::int64_t i = 0; i < s.width; i += 16) {
    const std::int64_t c = s.first + i;
    alignas(64) float factors[4][16];
    Epilogue e = epilogue;  // of 16 channels
    const auto copy = [&](int which, const float* values) {
      _mm512_store_ps(factors[which], _mm512_loadu_ps(values + c));
      return factors[which];
    };
    e.scale = copy(0, e.scale);
    if constexpr (bias) e.bias = copy(1, e.bias);
    if constexpr (norm) e.norm_scale = copy(2, e.norm_scale), e.norm_shift = copy(3, e.norm_shift);
    if constexpr (codes) e.codes.data += c;
    if constexpr (!codes) e.floats.data += c;
    const __mmask16 mask = first_lanes(s.width - i);
    for (std::int64_t p = 0; p < s.pixels; ++p) {
      const auto* const sums = reinterpret_cast<const __m256i*>(s.sums + p * s.stride + i);
      finish_lanes(e, parts, _mm512_cvtepi16_epi32(_mm256_load_si256(sums)), s.y, s.x + p, 0, mask);
    }
  }
}

/// The usual epilogues: scale, perhaps bias and batch norm; then floats, or clamp and codes.
static FinishPixels select_finish(const FinishParts& parts) {
  static constexpr FinishPixels common[2][2][2] = {
      {{finish_common<false, false, false>, finish_common<false, false, true>},
       {finish_common<false, true, false>, finish_common<false, true, true>}},
      {{finish_common<true, false, false>, finish_common<true, false, true>},
       {finish_common<true, true, false>, finish_common<true, true, true>}}};
  const bool usual = parts.scale && !parts.residual && !parts.residual_codes && parts.clamp == parts.codes &&
                     parts.floats != parts.codes;
  return usual ? common[parts.bias][parts.norm][parts.codes] : finish_any;
}
