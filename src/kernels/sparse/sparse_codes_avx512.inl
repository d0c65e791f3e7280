// An Epilogue that stores codes alone, on vectors of pixels of one channel. Include after sparse_panels.inl.
//
// Sums lie by channel, codes by pixel. Finishing before transposing moves a byte and not a float an element,
// and keeps a channel's parameters in registers. The arithmetic is that of kernels/epilogue.hpp, but that its
// clamps act on bytes, where all are one: exact, because rounding x * inverse_scale never changes the order
// of two values, and because no value is so large that it has no whole number (codes_alone).

/// The largest of 16 sizes.
TERN_INLINE __m512 larger_size(__m512 so_far, const float* values) {
  return _mm512_max_ps(so_far, _mm512_abs_ps(_mm512_loadu_ps(values)));
}

/// Whether every value times inverse_scale has an int32, by the largest sum, scale, bias and so on.
static bool fits_int32(const SparseJob& job) {
  const Epilogue& e = job.epilogue;
  __m512 scale = _mm512_set1_ps(e.scale == nullptr ? 1.0F : 0.0F), norm = _mm512_set1_ps(1.0F);
  __m512 added = _mm512_setzero_ps(), shift = added;
  for (std::int64_t o = 0; o < job.shape.oc; o += 16) {
    if (e.scale != nullptr) scale = larger_size(scale, e.scale + o);
    if (e.bias != nullptr) added = larger_size(added, e.bias + o);
    if (e.norm_scale != nullptr)
      norm = larger_size(norm, e.norm_scale + o), shift = larger_size(shift, e.norm_shift + o);
  }
  const float sum = job.largest * _mm512_reduce_max_ps(scale) + _mm512_reduce_max_ps(added);
  const float residual = e.residual_codes.data != nullptr ? 512.0F * __builtin_fabsf(e.residual_scale) : 0.0F;
  const float x = sum * _mm512_reduce_max_ps(norm) + _mm512_reduce_max_ps(shift) + residual;
  return x * e.inverse_scale < 1e9F;  // false for what is no number
}

/// Whether an epilogue suits this file.
static bool codes_alone(const SparseJob& job) {
  const Epilogue& e = job.epilogue;
  return e.codes.data != nullptr && e.floats.data == nullptr && e.residual.data == nullptr &&
         e.inverse_scale > 0 && e.low + static_cast<float>(e.offset) >= 0 &&
         e.high + static_cast<float>(e.offset) <= 255 && fits_int32(job);
}

static float between(float value, float low, float high) {
  return value < low ? low : value > high ? high : value;
}

/// The code of a value times inverse_scale, in each byte.
static Vec code_of(const Epilogue& e, float value) {
  return _mm512_set1_epi8(static_cast<char>(_mm_cvtss_si32(_mm_set_ss(value)) + e.offset));
}

class CodesFinish {
 public:
  TERN_INLINE_MEMBER explicit CodesFinish(const Epilogue& e)
      : e_(e),
        low_(code_of(e, e.clamp ? between(e.clamp_low * e.inverse_scale, e.low, e.high) : e.low)),
        high_(code_of(e, e.clamp ? between(e.clamp_high * e.inverse_scale, e.low, e.high) : e.high)),
        offset_(_mm512_set1_epi16(static_cast<short>(e.offset))) {}

  TERN_INLINE_MEMBER bool residual() const { return e_.residual_codes.data != nullptr; }

  /// Sums of channel o to whole numbers, not yet clamped.
  template <int V>
  TERN_INLINE_MEMBER void channel(std::int64_t o, const SparseScratch& scratch, Vec (&acc)[V]) const {
    const std::int64_t row = o % sparse_channels / 4 * V * lanes;
    const __m512 inverse = _mm512_set1_ps(e_.inverse_scale);
    __m512 x[V];
#pragma GCC unroll 10
    for (int v = 0; v < V; ++v) x[v] = _mm512_cvtepi32_ps(acc[v]);
    if (e_.scale != nullptr)
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v) x[v] = _mm512_mul_ps(x[v], _mm512_set1_ps(e_.scale[o]));
    if (e_.bias != nullptr)
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v) x[v] = _mm512_add_ps(x[v], _mm512_set1_ps(e_.bias[o]));
    if (e_.norm_scale != nullptr)
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v) {
        const __m512 scaled = _mm512_mul_ps(x[v], _mm512_set1_ps(e_.norm_scale[o]));
        x[v] = _mm512_add_ps(scaled, _mm512_set1_ps(e_.norm_shift[o]));
      }
    if (residual()) {
      const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(o % 4 * 8));
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v) {
        const Vec bytes =
            _mm512_and_si512(_mm512_srl_epi32(load(scratch.residual + row + v * lanes), shift), splat(255));
        const __m512 values = _mm512_cvtepi32_ps(_mm512_sub_epi32(bytes, splat(e_.residual_offset)));
        x[v] = _mm512_add_ps(x[v], _mm512_mul_ps(values, _mm512_set1_ps(e_.residual_scale)));
      }
    }
#pragma GCC unroll 10
    for (int v = 0; v < V; ++v) acc[v] = _mm512_cvtps_epi32(_mm512_mul_ps(x[v], inverse));
  }

  /// Words of four channels' codes, four pixels in 128 bits, from pairs of them in 16 bits each.
  TERN_INLINE_MEMBER Vec words(Vec first, Vec second) const {
    const Vec by_pixel =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    if (e_.offset != 0) {
      first = _mm512_adds_epi16(first, offset_);
      second = _mm512_adds_epi16(second, offset_);
    }
    const Vec bytes = _mm512_packus_epi16(first, second);
    return _mm512_shuffle_epi8(_mm512_min_epu8(_mm512_max_epu8(bytes, low_), high_), by_pixel);
  }

 private:
  const Epilogue e_;  // by value: stores through scratch would have each channel load it again
  Vec low_, high_, offset_;
};

/// Bytes of `width` channels.
TERN_INLINE __mmask64 bytes_mask(std::int64_t width) {
  return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

/// job.scratch.codes, [width / 4][vectors * lanes], to the tile's pixels, channels from `from` on.
static void store_codes(const SparseJob& job, std::int64_t count, std::int64_t vectors, std::int64_t from,
                        std::int64_t width) {
  std::uint8_t* const dst = job.epilogue.codes.data + from;
  const __mmask64 mask = bytes_mask(width);
  std::int64_t i = 0;
  if (width == sparse_channels)
    for (; i + 16 <= count; i += 16) {
      Vec r[16];
      transpose_sixteen([&](int w) { return job.scratch.codes + w * vectors * lanes + i; }, r);
#pragma GCC unroll 16
      for (int k = 0; k < 16; ++k) store(dst + job.scratch.dst_pixels[i + k], r[k]);
    }
  for (; i < count; i += 4) {
    Vec r[4];
    transpose_four([&](int w) { return job.scratch.codes + w * vectors * lanes + i; }, r);
#pragma GCC unroll 4
    for (int k = 0; k < 4; ++k)
      if (i + k < count) _mm512_mask_storeu_epi8(dst + job.scratch.dst_pixels[i + k], mask, r[k]);
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
  fill_places(job.shape.out_w, codes.row, codes.pixel, first, count, job.scratch.dst_pixels);
  if (finish.residual()) {
    std::int64_t* const places = job.scratch.residual_pixels;
    fill_places(job.shape.out_w, residual.row, residual.pixel, first, count, places);
    for (std::int64_t i = count; i < V * lanes; ++i) places[i] = places[count - 1];
  }
  const BlockWords words = earlier_blocks<Operation, V, one_tap>(job, panel);
  const auto whole = [&](std::int64_t o, Vec(&acc)[V]) __attribute__((always_inline)) {
    if (o < oc) {
      accumulate<Operation, V, one_tap>(words, o, acc);
      finish.template channel<V>(o, job.scratch, acc);
    } else {
      for (int v = 0; v < V; ++v) acc[v] = zero();
    }
  };
  for (std::int64_t from = 0; from < oc; from += sparse_channels) {
    const std::int64_t width = oc - from < sparse_channels ? oc - from : sparse_channels;
    if (finish.residual()) load_residual(job, V, from, width);
    for (std::int64_t o = 0; o < width; o += 4) {
      Vec a[V], b[V], low[V];
      whole(from + o, a);
      whole(from + o + 1, b);
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v) low[v] = _mm512_packs_epi32(a[v], b[v]);
      whole(from + o + 2, a);
      whole(from + o + 3, b);
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v)
        store(job.scratch.codes + (o / 4 * V + v) * lanes,
              finish.words(low[v], _mm512_packs_epi32(a[v], b[v])));
    }
    store_codes(job, count, V, from, width);
  }
}
