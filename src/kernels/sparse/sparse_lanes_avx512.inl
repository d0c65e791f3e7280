// Vectors of 16 pixels for sparse_panels.inl. Include inside a namespace of a unit compiled for AVX-512.

typedef __m512i Vec;
constexpr std::int64_t lanes = 16;

TERN_INLINE Vec load(const void* p) {
  return _mm512_loadu_si512(p);
}
TERN_INLINE void store(void* p, Vec v) {
  _mm512_storeu_si512(p, v);
}
TERN_INLINE Vec splat(std::int32_t value) {
  return _mm512_set1_epi32(value);
}
TERN_INLINE __m128i load_four(const void* p) {
  return _mm_loadu_si128(static_cast<const __m128i*>(p));
}
TERN_INLINE Vec zero() {
  return _mm512_setzero_si512();
}

/// Four words of each of 16 rows, from at(row) on: r[i] = word i of all rows, the transpose of what lies in
/// memory. Rows four apart are joined while loading, so that the shuffles stay within 128 bits.
template <class At>
TERN_INLINE void transpose_four(const At& at, Vec* r) {
  Vec joined[4];
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    joined[j] = _mm512_castsi128_si512(load_four(at(j)));
    joined[j] = _mm512_mask_broadcast_i32x4(joined[j], 0x00f0, load_four(at(j + 4)));
    joined[j] = _mm512_mask_broadcast_i32x4(joined[j], 0x0f00, load_four(at(j + 8)));
    joined[j] = _mm512_mask_broadcast_i32x4(joined[j], 0xf000, load_four(at(j + 12)));
  }
  const Vec low01 = _mm512_unpacklo_epi32(joined[0], joined[1]),
            high01 = _mm512_unpackhi_epi32(joined[0], joined[1]);
  const Vec low23 = _mm512_unpacklo_epi32(joined[2], joined[3]),
            high23 = _mm512_unpackhi_epi32(joined[2], joined[3]);
  r[0] = _mm512_unpacklo_epi64(low01, low23);
  r[1] = _mm512_unpackhi_epi64(low01, low23);
  r[2] = _mm512_unpacklo_epi64(high01, high23);
  r[3] = _mm512_unpackhi_epi64(high01, high23);
}

/// r[i] = word i of 16 rows of 16 words: reads each row's cache line once.
template <class At>
TERN_INLINE void transpose_sixteen(const At& at, Vec (&r)[16]) {
  Vec pairs[16], fours[16];
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    const Vec even = load(at(i)), odd = load(at(i + 1));
    pairs[i] = _mm512_unpacklo_epi32(even, odd);
    pairs[i + 1] = _mm512_unpackhi_epi32(even, odd);
  }
  // fours[4 * g + j]: words j, j + 4, j + 8 and j + 12 of rows 4 * g to 4 * g + 3.
#pragma GCC unroll 4
  for (int g = 0; g < 16; g += 4) {
    fours[g] = _mm512_unpacklo_epi64(pairs[g], pairs[g + 2]);
    fours[g + 1] = _mm512_unpackhi_epi64(pairs[g], pairs[g + 2]);
    fours[g + 2] = _mm512_unpacklo_epi64(pairs[g + 1], pairs[g + 3]);
    fours[g + 3] = _mm512_unpackhi_epi64(pairs[g + 1], pairs[g + 3]);
  }
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {
    const Vec even_low = _mm512_shuffle_i32x4(fours[j], fours[4 + j], 0x88),
              odd_low = _mm512_shuffle_i32x4(fours[j], fours[4 + j], 0xdd),
              even_high = _mm512_shuffle_i32x4(fours[8 + j], fours[12 + j], 0x88),
              odd_high = _mm512_shuffle_i32x4(fours[8 + j], fours[12 + j], 0xdd);
    r[j] = _mm512_shuffle_i32x4(even_low, even_high, 0x88);
    r[4 + j] = _mm512_shuffle_i32x4(odd_low, odd_high, 0x88);
    r[8 + j] = _mm512_shuffle_i32x4(even_low, even_high, 0xdd);
    r[12 + j] = _mm512_shuffle_i32x4(odd_low, odd_high, 0xdd);
  }
}

/// dst[w][i] = word w of the pixel `places[i]` bytes from src, of `count` pixels; all 16 places are read, and
/// up to 12 bytes behind a pixel's last word.
static void pack_pixels(const char* src, const std::int64_t* places, std::int64_t count, std::int64_t words,
                        char* dst, std::int64_t pitch) {
  const auto mask = static_cast<__mmask16>((1 << count) - 1);
  std::int64_t w = 0;
  for (; w + 16 <= words; w += 16) {
    Vec r[16];
    transpose_sixteen([&](int i) { return src + places[i] + w * 4; }, r);
    char* const to = dst + w * pitch;
    if (count == lanes)
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) store(to + i * pitch, r[i]);
    else
#pragma GCC unroll 16
      for (int i = 0; i < 16; ++i) _mm512_mask_storeu_epi32(to + i * pitch, mask, r[i]);
  }
  for (; w < words; w += 4) {
    Vec r[4];
    transpose_four([&](int i) { return src + places[i] + w * 4; }, r);
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i)
      if (w + i < words) _mm512_mask_storeu_epi32(dst + (w + i) * pitch, mask, r[i]);
  }
}

TERN_INLINE __m512 as_float(Vec sum, std::int32_t) {
  return _mm512_cvtepi32_ps(sum);
}
TERN_INLINE __m512 as_float(Vec sum, float) {
  return _mm512_castsi512_ps(sum);
}

/// Finishes job.scratch.sums, [width channels][pitch pixels], of `count` pixels from pixel `first` on.
template <class Sum>
static void finish_sums(const SparseJob& job, std::int64_t first, std::int64_t count, std::int64_t pitch,
                        std::int64_t from, std::int64_t width) {
  const Epilogue& e = job.epilogue;
  const FinishParts parts = parts_of(e);
  std::int64_t y = first / job.shape.out_w, x = first % job.shape.out_w;
  for (std::int64_t i = 0; i < count; i += 4) {
    for (std::int64_t c = 0; c < width; c += 16) {
      const auto mask = static_cast<__mmask16>(width - c >= 16 ? 0xffff : (1 << (width - c)) - 1);
      Vec r[4];
      transpose_four([&](int o) { return job.scratch.sums + (c + o) * pitch + i; }, r);
      std::int64_t row = y, column = x;
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k)
        if (i + k < count) {
          finish_lanes(e, parts, as_float(r[k], Sum{}), row, column, from + c, mask);
          if (++column == job.shape.out_w) column = 0, ++row;
        }
    }
    for (int k = 0; k < 4; ++k)
      if (++x == job.shape.out_w) x = 0, ++y;
  }
}
