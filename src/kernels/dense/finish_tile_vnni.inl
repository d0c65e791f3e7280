// A tile of sums in registers, P pixels times N vectors of 16 channels, through an Epilogue: finish_lanes
// step by step, so that every part is tested once a tile. The arithmetic and its order are those of
// kernels/epilogue.hpp. Include after <immintrin.h> and kernels/epilogue.hpp inside a namespace of a unit
// compiled for AVX-512.

/// A loop that leaves nothing to do at run time, so that arrays of vectors live in registers.
#define TERN_UNROLL _Pragma("GCC unroll 32")

/// P pixels of an image of results, anywhere. A Walk gives their places one after another; it holds what it
/// needs, because stores of bytes might change a Plane for all that the compiler knows.
template <int P>
struct Scattered {
  template <class T>
  struct Walk {
    inline __attribute__((always_inline)) T* next() {
      T* const place = plane.at(at.y[p], at.x[p]) + c;
      ++p;
      return place;
    }
    const Scattered& at;
    Plane<T> plane;
    std::int64_t c;
    int p = 0;
  };
  template <class T>
  Walk<T> walk(const Plane<T>& plane, std::int64_t c) const {
    return {*this, plane, c};
  }
  std::int64_t y[P], x[P];
};

/// Pixels next to each other.
struct InRow {
  template <class T>
  struct Walk {
    inline __attribute__((always_inline)) T* next() {
      T* const place = to;
      to += pixel;
      return place;
    }
    T* to;
    std::int64_t pixel;
  };
  template <class T>
  Walk<T> walk(const Plane<T>& plane, std::int64_t c) const {
    return {plane.at(y, x) + c, plane.pixel};
  }
  std::int64_t y, x;
};

/// Lanes of the vector from channel c on that exist.
static inline __mmask16 lanes_from(const Epilogue& e, std::int64_t c) {
  return static_cast<__mmask16>(e.channels - c >= 16 ? 0xffff : (1 << (e.channels - c)) - 1);
}

struct LowestBytes {
  constexpr LowestBytes() {
    for (int i = 0; i < 64; ++i) places[i] = static_cast<std::uint8_t>(4 * (i % 32));
  }
  alignas(64) std::uint8_t places[64] = {};
};
constexpr LowestBytes lowest_bytes;

/// The lowest bytes of 32 lanes; places: lowest_bytes.
static inline __attribute__((always_inline)) __m256i pack_bytes(__m512i low, __m512i high, __m512i places) {
  return _mm512_castsi512_si256(_mm512_permutex2var_epi8(low, places, high));
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

/// From finished values to whole numbers. Rounding is monotonous: the lower clamp may follow it, as an
/// operation on integers, of which more fit in a cycle.
struct ToWhole {
  ToWhole(const Epilogue& e, const CodeBounds& bounds)
      : inverse_scale(_mm512_set1_ps(e.inverse_scale)),
        most(_mm512_set1_ps(bounds.high)),
        least(_mm512_cvtps_epi32(_mm512_set1_ps(bounds.low))) {}
  inline __attribute__((always_inline)) __m512i operator()(__m512 v) const {
    return _mm512_max_epi32(_mm512_cvtps_epi32(_mm512_min_ps(_mm512_mul_ps(v, inverse_scale), most)), least);
  }
  __m512 inverse_scale, most;
  __m512i least;
};

/// Stores lowest bytes of whole numbers, plus the offset modulo 256. `mask`: lanes of the last vector of a
/// pixel.
template <int P, int N, class Places>
static inline __attribute__((always_inline)) void store_codes(const Epilogue& e, const CodeBounds& bounds,
                                                              const __m512 (&v)[P][N], const Places& at,
                                                              std::int64_t c, __mmask16 mask) {
  const ToWhole whole(e, bounds);
  const __m256i offset = _mm256_set1_epi8(static_cast<char>(e.offset));
  auto places = at.walk(e.codes, c);
  if constexpr (N == 1) {
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      const __m128i bytes =
          _mm_add_epi8(_mm512_cvtepi32_epi8(whole(v[p][0])), _mm256_castsi256_si128(offset));
      _mm_mask_storeu_epi8(places.next(), mask, bytes);
    }
  } else {
    const __m512i lowest = _mm512_load_si512(lowest_bytes.places);
    const __mmask32 last = 0xffffU | static_cast<__mmask32>(mask) << 16;
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      std::uint8_t* const to = places.next();
      TERN_UNROLL for (int n = 0; n < N; n += 2) {
        const __m256i bytes = _mm256_add_epi8(pack_bytes(whole(v[p][n]), whole(v[p][n + 1]), lowest), offset);
        _mm256_mask_storeu_epi8(to + 16 * n, n + 2 == N ? last : 0xffffffffU, bytes);
      }
    }
  }
}

/// `bounds` are those of code_bounds.
template <int P, int N, class Places>
static inline __attribute__((always_inline)) void finish_tile(const Epilogue& e, const CodeBounds& bounds,
                                                              __m512i (&acc)[P][N], const Places& at,
                                                              std::int64_t c) {
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
  if (e.residual.data != nullptr) {
    auto places = at.walk(e.residual, c);
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      const float* const from = places.next();
      TERN_UNROLL for (int n = 0; n < N; ++n) v[p][n] =
          _mm512_add_ps(v[p][n], _mm512_maskz_loadu_ps(mask[n], from + 16 * n));
    }
  }
  if (e.residual_codes.data != nullptr) {
    const __m512i offset = _mm512_set1_epi32(e.residual_offset);
    const __m512 scale = _mm512_set1_ps(e.residual_scale);
    auto places = at.walk(e.residual_codes, c);
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      const std::uint8_t* const from = places.next();
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
    auto places = at.walk(e.floats, c);
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      float* const to = places.next();
      TERN_UNROLL for (int n = 0; n < N; ++n) _mm512_mask_storeu_ps(to + 16 * n, mask[n], v[p][n]);
    }
  }
  if (e.codes.data != nullptr) store_codes(e, bounds, v, at, c, mask[N - 1]);
}
