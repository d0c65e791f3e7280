// An Epilogue that stores floats alone, on vectors of pixels of one channel. Include after sparse_panels.inl.
//
// Finishing before transposing keeps a channel's parameters in registers and leaves nothing but stores to a
// pixel. The arithmetic is that of kernels/epilogue.hpp.

static bool floats_alone(const Epilogue& e) {
  return e.floats.data != nullptr && e.codes.data == nullptr && e.residual.data == nullptr &&
         e.residual_codes.data == nullptr;
}

template <class Sum, int V>
TERN_INLINE void finish_channel(const Epilogue& e, std::int64_t o, Vec (&acc)[V]) {
  const auto scale = _mm512_set1_ps(e.scale != nullptr ? e.scale[o] : 1.0F);
  const auto bias = _mm512_set1_ps(e.bias != nullptr ? e.bias[o] : 0.0F);
#pragma GCC unroll 10
  for (int v = 0; v < V; ++v) {
    __m512 x = as_float(acc[v], Sum{});
    if (e.scale != nullptr) x = _mm512_mul_ps(x, scale);
    if (e.bias != nullptr) x = _mm512_add_ps(x, bias);
    if (e.norm_scale != nullptr)
      x = _mm512_add_ps(_mm512_mul_ps(x, _mm512_set1_ps(e.norm_scale[o])), _mm512_set1_ps(e.norm_shift[o]));
    // Operands as std::max(x, low) orders them: x comes through where both are equal.
    if (e.clamp)
      x = _mm512_min_ps(_mm512_set1_ps(e.clamp_high), _mm512_max_ps(_mm512_set1_ps(e.clamp_low), x));
    acc[v] = _mm512_castps_si512(x);
  }
}

/// Channels finished together: a cache line of each pixel, which leaves most of the nearest cache to the
/// panel.
constexpr std::int64_t line_channels = 16;

/// job.scratch.sums, [line_channels][pitch], to the tile's pixels, `width` channels from `from` on.
static void store_floats(const SparseJob& job, std::int64_t count, std::int64_t pitch, std::int64_t from,
                         std::int64_t width) {
  const auto mask = static_cast<__mmask16>((1 << width) - 1);
  float* const dst = job.epilogue.floats.data + from;
  for (std::int64_t i = 0; i < count; i += 16) {
    const std::int64_t* const pixels = job.scratch.dst_pixels + i;
    Vec r[16];
    transpose_sixteen([&](int o) { return job.scratch.sums + o * pitch + i; }, r);
    if (count - i >= 16) {
#pragma GCC unroll 16
      for (int k = 0; k < 16; ++k) _mm512_mask_storeu_epi32(dst + pixels[k], mask, r[k]);
    } else {
      for (int k = 0; k < count - i; ++k) _mm512_mask_storeu_epi32(dst + pixels[k], mask, r[k]);
    }
  }
}

/// The same where floats alone are stored: finished in registers.
template <class Operation, int V, bool one_tap>
static void floats_tile(const SparseJob& job, const char* panel, std::int64_t first, std::int64_t count) {
  const Epilogue e = job.epilogue;
  const std::int64_t oc = job.shape.oc;
  char* const sums = reinterpret_cast<char*>(job.scratch.sums);
  fill_places(job.shape.out_w, e.floats.row, e.floats.pixel, first, count, job.scratch.dst_pixels);
  const BlockWords words = earlier_blocks<Operation, V, one_tap>(job, panel);
  for (std::int64_t from = 0; from < oc; from += line_channels) {
    const std::int64_t width = oc - from < line_channels ? oc - from : line_channels;
    for (std::int64_t o = 0; o < width; ++o) {
      Vec acc[V];
      accumulate<Operation, V, one_tap>(words, from + o, acc);
      finish_channel<typename Operation::Sum>(e, from + o, acc);
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v) store(sums + (o * V + v) * lanes * 4, acc[v]);
    }
    store_floats(job, count, V * lanes, from, width);
  }
}
