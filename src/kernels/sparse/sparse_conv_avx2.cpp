// Vectors of 8 pixels: floats by fused multiply-add, int8 words as two products of 16-bit pairs, which cannot
// overflow.
#include <immintrin.h>

#include "kernels/sparse/sparse_conv_impl.hpp"

#define TERN_INLINE static inline __attribute__((always_inline))

namespace tern::kernels::sparse_avx2 {
namespace {

typedef __m256i Vec;
constexpr std::int64_t lanes = 8;

TERN_INLINE Vec load(const void* p) {
  return _mm256_loadu_si256(static_cast<const Vec*>(p));
}
TERN_INLINE void store(void* p, Vec v) {
  _mm256_storeu_si256(static_cast<Vec*>(p), v);
}
TERN_INLINE Vec splat(std::int32_t value) {
  return _mm256_set1_epi32(value);
}
TERN_INLINE Vec zero() {
  return _mm256_setzero_si256();
}

/// dst[w][i] = word w of the pixel `places[i]` bytes from src, of `count` pixels.
static void pack_pixels(const char* src, const std::int64_t* places, std::int64_t count, std::int64_t words,
                        char* dst, std::int64_t pitch) {
  for (std::int64_t w = 0; w < words; ++w)
    for (std::int64_t i = 0; i < count; ++i)
      __builtin_memcpy(dst + w * pitch + i * 4, src + places[i] + w * 4, 4);
}

/// Finishes job.scratch.sums, [width channels][pitch pixels], of `count` pixels from pixel `first` on.
template <class Sum>
static void finish_sums(const SparseJob& job, std::int64_t first, std::int64_t count, std::int64_t pitch,
                        std::int64_t from, std::int64_t width) {
  const std::int64_t out_w = job.shape.out_w;
  Sum pixels[8 * lanes][sparse_channels];
  for (std::int64_t o = 0; o < width; ++o)
    for (std::int64_t i = 0; i < count; ++i)
      __builtin_memcpy(&pixels[i][o], job.scratch.sums + o * pitch + i, 4);
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t x = (first + i) % out_w, left = count - i;
    const std::int64_t run = out_w - x < left ? out_w - x : left;
    finish(job.epilogue, pixels[i], sparse_channels, (first + i) / out_w, x, run, from, width);
    i += run;
  }
}

struct Codes {
  typedef std::int32_t Sum;
  static constexpr std::int64_t element = 1, most = 8;
  struct Weight {
    Vec even, odd;
  };
  TERN_INLINE Weight weight(const std::uint32_t* word) {
    const Vec w = splat(static_cast<int>(*word));
    return {_mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8), _mm256_srai_epi16(w, 8)};
  }
  TERN_INLINE Vec dot(Vec sum, const char* src, const Weight& weight) {
    const Vec bytes = load(src);
    const Vec even = _mm256_madd_epi16(_mm256_and_si256(bytes, _mm256_set1_epi16(255)), weight.even);
    const Vec odd = _mm256_madd_epi16(_mm256_srli_epi16(bytes, 8), weight.odd);
    return _mm256_add_epi32(sum, _mm256_add_epi32(even, odd));
  }
  TERN_INLINE Vec add(Vec a, Vec b) { return _mm256_add_epi32(a, b); }
};

struct Floats {
  typedef float Sum;
  static constexpr std::int64_t element = 4, most = 8;
  TERN_INLINE __m256 weight(const std::uint32_t* word) {
    return _mm256_castsi256_ps(splat(static_cast<int>(*word)));
  }
  TERN_INLINE Vec dot(Vec sum, const char* src, __m256 weight) {
    const __m256 x = _mm256_castsi256_ps(load(src));
    return _mm256_castps_si256(_mm256_fmadd_ps(x, weight, _mm256_castsi256_ps(sum)));
  }
  TERN_INLINE Vec add(Vec a, Vec b) {
    return _mm256_castps_si256(_mm256_add_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b)));
  }
};

#include "kernels/sparse/sparse_panels.inl"

constexpr Tile code_tiles[2][8] = TERN_SPARSE_TILES(TERN_SPARSE_EIGHT, sum_tile, Codes);
constexpr Tile float_tiles[2][8] = TERN_SPARSE_TILES(TERN_SPARSE_EIGHT, sum_tile, Floats);
}  // namespace

void conv_codes(const SparseJob& job) {
  conv<Codes>(job, code_tiles);
}
void conv_floats(const SparseJob& job) {
  conv<Floats>(job, float_tiles);
}

}  // namespace tern::kernels::sparse_avx2
