// Vectors of 16 pixels for sparse_panels.inl. Include inside a namespace of a unit compiled for AVX-512.

typedef __m512i Vec;
constexpr std::int64_t lanes = 16;

TERN_INLINE Vec load(const void* p) { return _mm512_loadu_si512(p); }
TERN_INLINE void store(void* p, Vec v) { _mm512_storeu_si512(p, v); }
TERN_INLINE Vec splat(std::int32_t value) { return _mm512_set1_epi32(value); }
TERN_INLINE Vec zero() { return _mm512_setzero_si512(); }

/// r[i][k] becomes r[k][i], as words.
TERN_INLINE void transpose(Vec (&r)[16]) {
  Vec t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 4; ++i) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 8; ++i) {
    r[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
    r[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
  }
}

/// dst[w][i] = word w of pixel at[i]; reads up to 60 bytes behind a pixel's last word.
static void pack_pixels(const char* const* at, std::int64_t words, char* dst, std::int64_t pitch) {
  for (std::int64_t w = 0; w < words; w += 16) {
    Vec r[16];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) r[i] = load(at[i] + w * 4);
    transpose(r);
    char* const row = dst + w * pitch;
    if (words - w >= 16) {
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) store(row + i * pitch, r[i]);
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i)
        if (i < words - w) store(row + i * pitch, r[i]);
    }
  }
}

TERN_INLINE __m512 as_float(Vec sum, std::int32_t) { return _mm512_cvtepi32_ps(sum); }
TERN_INLINE __m512 as_float(Vec sum, float) { return _mm512_castsi512_ps(sum); }

/// Finishes job.scratch.sums, [width channels][pitch pixels], of `count` pixels from pixel `first` on.
template <class Sum>
static void finish_sums(const SparseJob& job, std::int64_t first, std::int64_t count, std::int64_t pitch,
                        std::int64_t from, std::int64_t width) {
  const Epilogue& e = job.epilogue;
  const FinishParts parts = parts_of(e);
  const auto mask = static_cast<__mmask16>((1 << width) - 1);
  std::int64_t y = first / job.shape.out_w, x = first % job.shape.out_w;
  for (std::int64_t i = 0; i < count; i += lanes) {
    Vec r[16];
#pragma GCC unroll 16
    for (int o = 0; o < 16; ++o) r[o] = load(job.scratch.sums + o * pitch + i);
    transpose(r);
    alignas(64) std::int32_t pixels[16][16];
#pragma GCC unroll 16
    for (int o = 0; o < 16; ++o) store(pixels[o], r[o]);
    const std::int64_t end = count - i < lanes ? count - i : lanes;
    for (std::int64_t k = 0; k < end; ++k) {
      finish_lanes(e, parts, as_float(load(pixels[k]), Sum{}), y, x, from, mask);
      if (++x == job.shape.out_w) x = 0, ++y;
    }
  }
}
