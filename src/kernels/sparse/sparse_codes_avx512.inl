// An Epilogue that stores codes alone, on vectors of pixels of one channel. Include after sparse_panels.inl.
//
// Sums lie by channel, codes by pixel. Finishing before transposing moves a byte and not a float an element, and keeps a
// channel's parameters in registers. The arithmetic is that of kernels/epilogue.hpp; its two clamps are one here, which
// is exact: rounding x * inverse_scale never changes the order of two values.

static bool codes_alone(const Epilogue& e) {
  return e.codes.data != nullptr && e.floats.data == nullptr && e.residual.data == nullptr && e.inverse_scale > 0;
}

static float between(float value, float low, float high) { return value < low ? low : value > high ? high : value; }

class CodesFinish {
 public:
  explicit CodesFinish(const Epilogue& e) : e_(e) {
    low_ = e.clamp ? between(e.clamp_low * e.inverse_scale, e.low, e.high) : e.low;
    high_ = e.clamp ? between(e.clamp_high * e.inverse_scale, e.low, e.high) : e.high;
  }

  bool residual() const { return e_.residual_codes.data != nullptr; }

  /// Byte o % 4 of the words of channel o, from its sums; the first of four also writes the other bytes.
  template <int V>
  TERN_INLINE_MEMBER void channel(std::int64_t o, const SparseScratch& scratch, const Vec (&acc)[V]) const {
    const std::int64_t row = o % sparse_channels / 4 * V * lanes;
    std::uint32_t* const codes = scratch.codes + row;
    const std::uint32_t* const residual = scratch.residual + row;
    const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(o % 4 * 8));
    const bool scaled = e_.scale != nullptr, biased = e_.bias != nullptr, normed = e_.norm_scale != nullptr;
    const __m512 scale = _mm512_set1_ps(scaled ? e_.scale[o] : 1), bias = _mm512_set1_ps(biased ? e_.bias[o] : 0);
    const __m512 norm_scale = _mm512_set1_ps(normed ? e_.norm_scale[o] : 1);
    const __m512 norm_shift = _mm512_set1_ps(normed ? e_.norm_shift[o] : 0);
    const __m512 inverse = _mm512_set1_ps(e_.inverse_scale);
    const __m512 low = _mm512_set1_ps(low_), high = _mm512_set1_ps(high_);
    __m512 x[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) x[v] = _mm512_cvtepi32_ps(acc[v]);
    if (scaled)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) x[v] = _mm512_mul_ps(x[v], scale);
    if (biased)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) x[v] = _mm512_add_ps(x[v], bias);
    if (normed)
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) x[v] = _mm512_add_ps(_mm512_mul_ps(x[v], norm_scale), norm_shift);
    if (this->residual())
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        const Vec bytes = _mm512_and_si512(_mm512_srl_epi32(load(residual + v * lanes), shift), splat(255));
        const __m512 values = _mm512_cvtepi32_ps(_mm512_sub_epi32(bytes, splat(e_.residual_offset)));
        x[v] = _mm512_add_ps(x[v], _mm512_mul_ps(values, _mm512_set1_ps(e_.residual_scale)));
      }
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) {
      const __m512 clamped = _mm512_min_ps(_mm512_max_ps(_mm512_mul_ps(x[v], inverse), low), high);
      const Vec code = _mm512_add_epi32(_mm512_cvtps_epi32(clamped), splat(e_.offset));
      const Vec before = o % 4 == 0 ? zero() : load(codes + v * lanes);
      store(codes + v * lanes, _mm512_or_si512(before, _mm512_sll_epi32(code, shift)));
    }
  }

 private:
  const Epilogue& e_;
  float low_, high_;
};

/// Bytes of `width` channels.
TERN_INLINE __mmask64 bytes_mask(std::int64_t width) {
  return width >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << width) - 1;
}

/// job.scratch.codes, [width / 4][vectors * lanes], to `count` pixels from pixel `first` on, channels from `from` on.
static void store_codes(const SparseJob& job, std::int64_t first, std::int64_t count, std::int64_t vectors,
                        std::int64_t from, std::int64_t width) {
  const Plane<std::uint8_t>& codes = job.epilogue.codes;
  const __mmask64 mask = bytes_mask(width);
  std::int64_t y = first / job.shape.out_w, x = first % job.shape.out_w;
  for (std::int64_t i = 0; i < count; i += lanes) {
    Vec r[16];
#pragma GCC unroll 16
    for (int w = 0; w < 16; ++w) r[w] = load(job.scratch.codes + w * vectors * lanes + i);
    transpose(r);
#pragma GCC unroll 16
    for (int k = 0; k < 16; ++k)
      if (i + k < count) {
        _mm512_mask_storeu_epi8(codes.data + y * codes.row + x * codes.pixel + from, mask, r[k]);
        if (++x == job.shape.out_w) x = 0, ++y;
      }
  }
}

/// The residual's codes to job.scratch.residual, in the layout of job.scratch.codes.
static void load_residual(const SparseJob& job, std::int64_t first, std::int64_t count, std::int64_t vectors,
                          std::int64_t from, std::int64_t width) {
  const Plane<const std::uint8_t>& codes = job.epilogue.residual_codes;
  const __mmask64 mask = bytes_mask(width);
  std::int64_t y = first / job.shape.out_w, x = first % job.shape.out_w;
  for (std::int64_t i = 0; i < count; i += lanes) {
    Vec r[16];
#pragma GCC unroll 16
    for (int k = 0; k < 16; ++k) {
      r[k] = zero();
      if (i + k < count) {
        r[k] = _mm512_maskz_loadu_epi8(mask, codes.data + y * codes.row + x * codes.pixel + from);
        if (++x == job.shape.out_w) x = 0, ++y;
      }
    }
    transpose(r);
#pragma GCC unroll 16
    for (int w = 0; w < 16; ++w) store(job.scratch.residual + w * vectors * lanes + i, r[w]);
  }
}

/// The same where codes alone are stored: finished in registers, four channels to a word.
template <class Operation, int V>
static void codes_tile(const SparseJob& job, const char* panel, std::int64_t first, std::int64_t count) {
  const CodesFinish finish(job.epilogue);
  const std::int64_t oc = job.shape.oc;
  for (std::int64_t from = 0; from < oc; from += sparse_channels) {
    const std::int64_t width = oc - from < sparse_channels ? oc - from : sparse_channels;
    if (finish.residual()) load_residual(job, first, count, V, from, width);
    for (std::int64_t o = 0; o < width; ++o) {
      Vec acc[V];
      accumulate<Operation, V>(job, panel, from + o, acc);
      finish.template channel<V>(from + o, job.scratch, acc);
    }
    store_codes(job, first, count, V, from, width);
  }
}
