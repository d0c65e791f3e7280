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

TERN_INLINE void finish_each(const Epilogue& e, const FinishParts& parts, const SumsOfPixels& of) {
  const SumsOfPixels s = of;
  for (std::int64_t i = 0; i < s.width; i += 16) {
    const __mmask16 mask = first_lanes(s.width - i);
    for (std::int64_t p = 0; p < s.pixels; ++p) {
      const auto* const sums = reinterpret_cast<const __m256i*>(s.sums + p * s.stride + i);
      finish_lanes(e, parts, _mm512_cvtepi16_epi32(_mm256_load_si256(sums)), s.y, s.x + p, s.first + i, mask);
    }
  }
}

using FinishPixels = void (*)(const Epilogue&, const SumsOfPixels&);

static void finish_any(const Epilogue& epilogue, const SumsOfPixels& sums) {
  finish_each(epilogue, parts_of(epilogue), sums);
}

/// Parts known to the compiler: half the time of a layer with few spikes lies here. The copy tells it that
/// stores do not change the epilogue.
template <bool bias, bool norm, bool codes>
static void finish_common(const Epilogue& epilogue, const SumsOfPixels& sums) {
  const Epilogue e = epilogue;
  constexpr FinishParts parts{true, bias, norm, false, false, codes, !codes, codes};
  finish_each(e, parts, sums);
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
