// Pooling over vectors of channels. Included inside the namespace of an instruction set, after simd.inl.
//
// `count` 4 with its loop unrolled is the 2x2 window; 0 stands for any other, counted at run time.

/// Calls body(source offset of the window, offset of the output place) for every window of output rows first .. last.
template <typename Body>
TERN_INLINE void each_window(const PoolJob& job, std::int64_t first, std::int64_t last, const Body& body) {
  const PoolShape& s = job.shape;
  const std::int64_t oh = job.out_h, ow = job.out_w;
  for (std::int64_t row = first; row < last; ++row) {
    const std::int64_t image = row / oh, oy = row % oh;
    std::int64_t from = ((image * s.h + oy * s.stride_h) * s.w) * s.c, to = row * ow * s.c;
    for (std::int64_t ox = 0; ox < ow; ++ox, from += s.stride_w * s.c, to += s.c) body(from, to);
  }
}

template <int fixed>
TERN_INLINE void max_window(const std::int64_t* offsets, std::int64_t count, std::int64_t c, const float* x, float* y,
                            std::uint8_t* index) {
  if (fixed > 0) count = fixed;
  std::int64_t i = 0;
  for (; i + lanes <= c; i += lanes) {
    Vec best = load(x + i);
    IntVec which{};
#pragma GCC unroll 4
    for (std::int64_t p = 1; p < count; ++p) {
      const Vec v = load(x + offsets[p] + i);
      const IntVec larger = v > best;
      best = larger ? v : best;
      which = larger ? IntVec{} + static_cast<std::int32_t>(p) : which;
    }
    store(y + i, best);
    if (index) *reinterpret_cast<UnalignedByteVec*>(index + i) = __builtin_convertvector(which, ByteVec);
  }
  for (; i < c; ++i) {
    std::int64_t which = 0;
    for (std::int64_t p = 1; p < count; ++p)
      if (x[offsets[p] + i] > x[offsets[which] + i]) which = p;
    y[i] = x[offsets[which] + i];
    if (index) index[i] = static_cast<std::uint8_t>(which);
  }
}

static void max_pool(const PoolJob& job, const float* x, float* y, std::uint8_t* index, std::int64_t first,
                     std::int64_t last) {
  each_window(job, first, last, [&](std::int64_t from, std::int64_t to) {
    std::uint8_t* which = index ? index + to : nullptr;
    if (job.count == 4) max_window<4>(job.offsets, 4, job.shape.c, x + from, y + to, which);
    else max_window<0>(job.offsets, job.count, job.shape.c, x + from, y + to, which);
  });
}

/// grad_x of one window: written where windows do not overlap, else added to.
template <int fixed, bool overlap>
TERN_INLINE void max_window_backward(const std::int64_t* offsets, std::int64_t count, std::int64_t c,
                                     const float* grad_y, const std::uint8_t* index, float* grad_x) {
  if (fixed > 0) count = fixed;
  std::int64_t i = 0;
  for (; i + lanes <= c; i += lanes) {
    const Vec g = load(grad_y + i);
    const IntVec which =
        __builtin_convertvector((ByteVec)*reinterpret_cast<const UnalignedByteVec*>(index + i), IntVec);
#pragma GCC unroll 4
    for (std::int64_t p = 0; p < count; ++p) {
      float* dst = grad_x + offsets[p] + i;
      const Vec v = which == static_cast<std::int32_t>(p) ? g : Vec{};
      store(dst, overlap ? load(dst) + v : v);
    }
  }
  for (; i < c; ++i)
    for (std::int64_t p = 0; p < count; ++p) {
      const float v = index[i] == p ? grad_y[i] : 0.0F;
      float& dst = grad_x[offsets[p] + i];
      dst = overlap ? dst + v : v;
    }
}

static void max_pool_backward(const PoolJob& job, const float* grad_y, const std::uint8_t* index, float* grad_x,
                              std::int64_t first, std::int64_t last) {
  const std::int64_t c = job.shape.c;
  each_window(job, first, last, [&](std::int64_t from, std::int64_t to) {
    if (job.overlap) max_window_backward<0, true>(job.offsets, job.count, c, grad_y + to, index + to, grad_x + from);
    else if (job.count == 4) max_window_backward<4, false>(job.offsets, 4, c, grad_y + to, index + to, grad_x + from);
    else max_window_backward<0, false>(job.offsets, job.count, c, grad_y + to, index + to, grad_x + from);
  });
}

static void avg_pool(const PoolJob& job, const float* x, float* y, std::int64_t first, std::int64_t last) {
  const std::int64_t c = job.shape.c, count = job.count;
  const float divisor = static_cast<float>(count);
  each_window(job, first, last, [&](std::int64_t from, std::int64_t to) {
    std::int64_t i = 0;
    for (; i + lanes <= c; i += lanes) {
      Vec sum = load(x + from + i);
      for (std::int64_t p = 1; p < count; ++p) sum += load(x + from + job.offsets[p] + i);
      store(y + to + i, sum / divisor);
    }
    for (; i < c; ++i) {
      float sum = x[from + i];
      for (std::int64_t p = 1; p < count; ++p) sum += x[from + job.offsets[p] + i];
      y[to + i] = sum / divisor;
    }
  });
}

static void avg_pool_backward(const PoolJob& job, const float* grad_y, float* grad_x, std::int64_t first,
                              std::int64_t last) {
  const std::int64_t c = job.shape.c;
  const float divisor = static_cast<float>(job.count);
  each_window(job, first, last, [&](std::int64_t from, std::int64_t to) {
    for (std::int64_t p = 0; p < job.count; ++p) {
      float* dst = grad_x + from + job.offsets[p];
      const float* g = grad_y + to;
#pragma GCC ivdep
      for (std::int64_t i = 0; i < c; ++i) dst[i] = job.overlap ? dst[i] + g[i] / divisor : g[i] / divisor;
    }
  });
}
