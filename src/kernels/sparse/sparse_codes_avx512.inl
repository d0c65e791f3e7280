// An Epilogue that stores codes alone, on vectors of pixels of one channel. Include after sparse_panels.inl.
//
// Sums lie by channel, codes by pixel. Finishing before transposing moves a byte and not a float an element,
// and keeps a channel's parameters in registers. The arithmetic is that of kernels/epilogue.hpp; its two
// clamps are one here, which is exact: rounding x * inverse_scale never changes the order of two values.

static bool codes_alone(const Epilogue& e) {
  return e.codes.data != nullptr && e.floats.data == nullptr && e.residual.data == nullptr &&
         e.inverse_scale > 0 && e.low + static_cast<float>(e.offset) >= 0 &&
         e.high + static_cast<float>(e.offset) <= 255;
}

static float between(float value, float low, float high) {
  return value < low ? low : value > high ? high : value;
}

class CodesFinish {
 public:
  TERN_INLINE_MEMBER explicit CodesFinish(const Epilogue& e) : e_(e) {
    low_ = e.clamp ? between(e.clamp_low * e.inverse_scale, e.low, e.high) : e.low;
    high_ = e.clamp ? between(e.clamp_high * e.inverse_scale, e.low, e.high) : e.high;
    least_ = _mm512_packs_epi32(_mm512_cvtps_epi32(_mm512_set1_ps(low_)),
                                _mm512_cvtps_epi32(_mm512_set1_ps(low_)));
    offset_ = _mm512_set1_epi16(static_cast<short>(e.offset));
  }

  TERN_INLINE_MEMBER bool residual() const { return e_.residual_codes.data != nullptr; }

  /// Sums of channel o to whole numbers, not yet clamped from below: rounding is monotonous, so that this
  /// clamp may follow it, on more numbers at once.
  template <int V>
  TERN_INLINE_MEMBER void channel(std::int64_t o, const SparseScratch& scratch, Vec (&acc)[V]) const {
    const std::int64_t row = o % sparse_channels / 4 * V * lanes;
    const __m512 inverse = _mm512_set1_ps(e_.inverse_scale), high = _mm512_set1_ps(high_);
    __m512 x[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) x[v] = _mm512_cvtepi32_ps(acc[v]);
    if (e_.scale != nullptr)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) x[v] = _mm512_mul_ps(x[v], _mm512_set1_ps(e_.scale[o]));
    if (e_.bias != nullptr)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) x[v] = _mm512_add_ps(x[v], _mm512_set1_ps(e_.bias[o]));
    if (e_.norm_scale != nullptr)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        const __m512 scaled = _mm512_mul_ps(x[v], _mm512_set1_ps(e_.norm_scale[o]));
        x[v] = _mm512_add_ps(scaled, _mm512_set1_ps(e_.norm_shift[o]));
      }
    if (residual()) {
      const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(o % 4 * 8));
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        const Vec bytes =
            _mm512_and_si512(_mm512_srl_epi32(load(scratch.residual + row + v * lanes), shift), splat(255));
        const __m512 values = _mm512_cvtepi32_ps(_mm512_sub_epi32(bytes, splat(e_.residual_offset)));
        x[v] = _mm512_add_ps(x[v], _mm512_mul_ps(values, _mm512_set1_ps(e_.residual_scale)));
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) acc[v] = _mm512_cvtps_epi32(_mm512_min_ps(_mm512_mul_ps(x[v], inverse), high));
  }

  /// Codes of two channels, as 16-bit numbers: four pixels of each in 128 bits.
  TERN_INLINE_MEMBER Vec pair(Vec first, Vec second) const {
    return _mm512_add_epi16(_mm512_max_epi16(_mm512_packs_epi32(first, second), least_), offset_);
  }

 private:
  const Epilogue e_;  // by value: stores through scratch would have each channel load it again
  float low_, high_;
  Vec least_, offset_;
};

/// Words of four channels' codes, from two pairs.
TERN_INLINE Vec words_of(Vec low, Vec high) {
  const Vec by_pixel =
      _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  return _mm512_shuffle_epi8(_mm512_packus_epi16(low, high), by_pixel);
}

/// Bytes of `width` channels.
TERN_INLINE __mmask64 bytes_mask(std::int64_t width) {
  return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

/// job.scratch.codes, [width / 4][vectors * lanes], to the tile's pixels, channels from `from` on.
static void store_codes(const SparseJob& job, std::int64_t count, std::int64_t vectors, std::int64_t from,
                        std::int64_t width) {
  std::uint8_t* const dst = job.epilogue.codes.data + from;
  const __mmask64 mask = bytes_mask(width);
  for (std::int64_t i = 0; i < count; i += 4) {
    Vec r[4];
    transpose_four([&](int w) { return job.scratch.codes + w * vectors * lanes + i; }, r);
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k)
      if (i + k < count)
        _mm512_mask_storeu_epi8(dst + job.scratch.code_pixels[i + k], mask, r[k]);
  }
}

/// The residual's codes to job.scratch.residual, in the layout of job.scratch.codes.
static void load_residual(const SparseJob& job, std::int64_t vectors, std::int64_t from, std::int64_t width) {
  const std::uint8_t* const src = job.epilogue.residual_codes.data + from;
  const std::int64_t* const pixels = job.scratch.residual_pixels;
  for (std::int64_t i = 0; i < vectors * lanes; i += lanes)
    for (std::int64_t c = 0; c < width; c += 16) {
      const bool whole = width - c >= 16;
      alignas(16) std::uint8_t tail[16][16];
      for (int k = 0; !whole && k < 16; ++k) {
        const auto mask = static_cast<__mmask16>((1 << (width - c)) - 1);
        _mm_store_si128(reinterpret_cast<__m128i*>(tail[k]),
                        _mm_maskz_loadu_epi8(mask, src + pixels[i + k] + c));
      }
      Vec r[4];
      transpose_four([&](int k) { return whole ? src + pixels[i + k] + c : tail[k]; }, r);
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) store(job.scratch.residual + (c / 4 + k) * vectors * lanes + i, r[k]);
    }
}

/// The same where codes alone are stored: finished in registers, four channels to a word.
template <class Operation, int V, bool one_tap>
static void codes_tile(const SparseJob& job, const char* panel, std::int64_t first, std::int64_t count) {
  const CodesFinish finish(job.epilogue);
  const std::int64_t oc = job.shape.oc;
  const Plane<std::uint8_t>& codes = job.epilogue.codes;
  const Plane<const std::uint8_t>& residual = job.epilogue.residual_codes;
  fill_places(job.shape.out_w, codes.row, codes.pixel, first, count, job.scratch.code_pixels);
  if (finish.residual()) {
    std::int64_t* const places = job.scratch.residual_pixels;
    fill_places(job.shape.out_w, residual.row, residual.pixel, first, count, places);
    for (std::int64_t i = count; i < V * lanes; ++i) places[i] = places[count - 1];
  }
  const auto whole = [&](std::int64_t o, Vec(&acc)[V]) __attribute__((always_inline)) {
    if (o < oc) {
      last_block<Operation, V, one_tap>(job, panel, o, acc);
      finish.template channel<V>(o, job.scratch, acc);
    } else {
      for (int v = 0; v < V; ++v) acc[v] = zero();
    }
  };
  earlier_blocks<Operation, V, one_tap>(job, panel);
  for (std::int64_t from = 0; from < oc; from += sparse_channels) {
    const std::int64_t width = oc - from < sparse_channels ? oc - from : sparse_channels;
    if (finish.residual()) load_residual(job, V, from, width);
    for (std::int64_t o = 0; o < width; o += 4) {
      Vec a[V], b[V], low[V];
      whole(from + o, a);
      whole(from + o + 1, b);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) low[v] = finish.pair(a[v], b[v]);
      whole(from + o + 2, a);
      whole(from + o + 3, b);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v)
        store(job.scratch.codes + (o / 4 * V + v) * lanes, words_of(low[v], finish.pair(a[v], b[v])));
    }
    store_codes(job, count, V, from, width);
  }
}
