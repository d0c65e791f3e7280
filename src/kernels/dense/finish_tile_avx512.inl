// A tile of sums in registers, P pixels times N vectors of 16 channels, through an Epilogue: finish_lanes
// step by step, so that every part is tested once a tile. The arithmetic and its order are those of
// kernels/epilogue.hpp. Include after <immintrin.h> and kernels/epilogue.hpp inside a namespace of a unit
// compiled for AVX-512.

/// A loop that leaves nothing to do at run time, so that arrays of vectors live in registers.
#define TERN_UNROLL _Pragma("GCC unroll 32")

/// Where a tile's pixels lie in the image of results.
template <int P>
struct TilePlaces {
  std::int64_t y[P], x[P];
};

/// Lanes of the vector from channel c on that exist.
static inline __mmask16 lanes_from(const Epilogue& e, std::int64_t c) {
  return static_cast<__mmask16>(e.channels - c >= 16 ? 0xffff : (1 << (e.channels - c)) - 1);
}

/// Sixteen codes; a whole vector is stored without a mask, which is faster.
static inline __attribute__((always_inline)) void store_codes(std::uint8_t* to, __m512i codes,
                                                              __mmask16 mask) {
  const __m128i bytes = _mm512_cvtepi32_epi8(codes);
  if (mask == 0xffff)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), bytes);
  else
    _mm_mask_storeu_epi8(to, mask, bytes);
}

/// Bounds of x * inverse_scale. Clamping x before scaling and rounding is monotonous, so that where only
/// codes are wanted one clamp does the work of both, with the same result.
struct CodeBounds {
  float low, high;
};
static inline float between(float x, float low, float high) {
  const float above = x < low ? low : x;
  return above > high ? high : above;
}
static inline CodeBounds code_bounds(const Epilogue& e) {
  if (!e.clamp || e.floats.data != nullptr) return {e.low, e.high};
  return {between(e.clamp_low * e.inverse_scale, e.low, e.high),
          between(e.clamp_high * e.inverse_scale, e.low, e.high)};
}

template <int P, int N>
static inline __attribute__((always_inline)) void finish_tile(const Epilogue& e, __m512i (&acc)[P][N],
                                                              const TilePlaces<P>& at, std::int64_t c) {
  __m512 v[P][N];
  TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int n = 0; n < N; ++n) v[p][n] =
      _mm512_cvtepi32_ps(acc[p][n]);
  __mmask16 mask[N];
  TERN_UNROLL for (int n = 0; n < N; ++n) mask[n] = lanes_from(e, c + 16 * n);
  if (e.scale != nullptr) TERN_UNROLL for (int n = 0; n < N; ++n) {
      const __m512 scale = _mm512_loadu_ps(e.scale + c + 16 * n);
      TERN_UNROLL for (int p = 0; p < P; ++p) v[p][n] = _mm512_mul_ps(v[p][n], scale);
    }
  if (e.bias != nullptr) TERN_UNROLL for (int n = 0; n < N; ++n) {
      const __m512 bias = _mm512_loadu_ps(e.bias + c + 16 * n);
      TERN_UNROLL for (int p = 0; p < P; ++p) v[p][n] = _mm512_add_ps(v[p][n], bias);
    }
  if (e.norm_scale != nullptr) TERN_UNROLL for (int n = 0; n < N; ++n) {
      const __m512 scale = _mm512_loadu_ps(e.norm_scale + c + 16 * n);
      const __m512 shift = _mm512_loadu_ps(e.norm_shift + c + 16 * n);
      TERN_UNROLL for (int p = 0; p < P; ++p) v[p][n] = _mm512_add_ps(_mm512_mul_ps(v[p][n], scale), shift);
    }
  if (e.residual.data != nullptr) TERN_UNROLL for (int p = 0; p < P; ++p) {
      const float* const from = e.residual.at(at.y[p], at.x[p]) + c;
      TERN_UNROLL for (int n = 0; n < N; ++n) v[p][n] =
          _mm512_add_ps(v[p][n], _mm512_maskz_loadu_ps(mask[n], from + 16 * n));
    }
  if (e.residual_codes.data != nullptr) {
    const __m512i offset = _mm512_set1_epi32(e.residual_offset);
    const __m512 scale = _mm512_set1_ps(e.residual_scale);
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      const std::uint8_t* const from = e.residual_codes.at(at.y[p], at.x[p]) + c;
      TERN_UNROLL for (int n = 0; n < N; ++n) {
        const __m512i codes = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask[n], from + 16 * n));
        const __m512 values = _mm512_cvtepi32_ps(_mm512_sub_epi32(codes, offset));
        v[p][n] = _mm512_add_ps(v[p][n], _mm512_mul_ps(values, scale));
      }
    }
  }
  if (e.floats.data != nullptr) {
    if (e.clamp) {
      const __m512 low = _mm512_set1_ps(e.clamp_low), high = _mm512_set1_ps(e.clamp_high);
      TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int n = 0; n < N; ++n) v[p][n] =
          _mm512_min_ps(high, _mm512_max_ps(low, v[p][n]));
    }
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      float* const to = e.floats.at(at.y[p], at.x[p]) + c;
      TERN_UNROLL for (int n = 0; n < N; ++n) _mm512_mask_storeu_ps(to + 16 * n, mask[n], v[p][n]);
    }
  }
  if (e.codes.data != nullptr) {
    const CodeBounds bounds = code_bounds(e);
    const __m512 inverse_scale = _mm512_set1_ps(e.inverse_scale);
    const __m512 low = _mm512_set1_ps(bounds.low), high = _mm512_set1_ps(bounds.high);
    const __m512i offset = _mm512_set1_epi32(e.offset);
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      std::uint8_t* const to = e.codes.at(at.y[p], at.x[p]) + c;
      TERN_UNROLL for (int n = 0; n < N; ++n) {
        const __m512 scaled = _mm512_mul_ps(v[p][n], inverse_scale);
        const __m512i code = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_max_ps(scaled, low), high));
        store_codes(to + 16 * n, _mm512_add_epi32(code, offset), mask[n]);
      }
    }
  }
}
