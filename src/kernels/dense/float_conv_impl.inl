// float_conv of one instruction set: include after kernels/simd.inl inside its namespace, with fma(a, b, c) = a * b + c,
// most_pixels(vectors), the pixels whose sums fill the registers, and load_some and store_some.

/// A loop that leaves nothing to do at run time, so that arrays of vectors live in registers.
#define TERN_UNROLL _Pragma("GCC unroll 32")
#define TERN_INLINE_MEMBER inline __attribute__((always_inline))

/// Where channel c of a pixel's result belongs, pixel by pixel from (y, x) on, row by row.
struct FloatPlaces {
  FloatPlaces(const FloatJob& job, std::int64_t first_y, std::int64_t first_x, std::int64_t channel)
      : e(job.epilogue), out_w(job.shape.out_w), y(first_y), x(first_x), c(channel) {}
  TERN_INLINE_MEMBER float* dst() const { return e.floats.at(y, x) + c; }
  TERN_INLINE_MEMBER const float* residual() const { return e.residual.at(y, x) + c; }
  TERN_INLINE_MEMBER void next() {
    if (++x == out_w) x = 0, ++y;
  }
  const Epilogue& e;
  std::int64_t out_w, y, x, c;
};

/// Sums of P pixels from output pixel (y, x) on x N vectors of channels from c on, to their place. `whole`: all of
/// these channels exist.
template <bool whole, int P, int N>
TERN_INLINE void finish_vectors(const FloatJob& job, Vec (&sums)[P][N], std::int64_t y, std::int64_t x, std::int64_t c) {
  const Epilogue& e = job.epilogue;
  const std::int64_t channels = job.shape.oc - c;
  if (e.residual.data != nullptr) {
    FloatPlaces at(job, y, x, c);
    TERN_UNROLL for (int p = 0; p < P; ++p, at.next()) {
      const float* const from = at.residual();
      TERN_UNROLL for (int n = 0; n < N; ++n) sums[p][n] +=
          whole ? load(from + n * lanes) : load_some(from + n * lanes, channels - n * lanes);
    }
  }
  if (e.clamp) {
    const Vec low = splat(e.clamp_low), high = splat(e.clamp_high);
    TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int n = 0; n < N; ++n) {
      Vec v = sums[p][n];
      v = v > low ? v : low;
      sums[p][n] = v < high ? v : high;
    }
  }
  FloatPlaces at(job, y, x, c);
  TERN_UNROLL for (int p = 0; p < P; ++p, at.next()) {
    float* const to = at.dst();
    TERN_UNROLL for (int n = 0; n < N; ++n) {
      if (whole)
        store(to + n * lanes, sums[p][n]);
      else
        store_some(to + n * lanes, sums[p][n], channels - n * lanes);
    }
  }
}

template <int P, int N>
TERN_INLINE void finish_floats(const FloatJob& job, Vec (&sums)[P][N], std::int64_t y, std::int64_t x, std::int64_t c) {
  if (job.shape.oc - c >= N * lanes)
    finish_vectors<true>(job, sums, y, x, c);
  else
    finish_vectors<false>(job, sums, y, x, c);
}

/// Adds what three taps next to each other give P pixels next to each other: a source pixel is read once for all of
/// them. src: under the first tap of pixel 0, weights: of that tap, `taps` floats from each tap to the next.
template <int P>
TERN_INLINE void add_three_taps(const ConvShape& s, const float* src, const float* weights, std::int64_t width,
                                std::int64_t taps, Vec (&sums)[P][1]) {
  constexpr int threes = (P + 4) / 3;
  const float* from[threes];
  TERN_UNROLL for (int k = 0; k < threes; ++k) from[k] = src + 3 * k * s.src_pixel;
  for (std::int64_t i = 0; i < s.ic; ++i, weights += width) {
    const Vec w0 = load(weights), w1 = load(weights + taps), w2 = load(weights + 2 * taps);
    TERN_UNROLL for (int j = 0; j < P + 2; ++j) {
      const Vec x = splat(from[j / 3][j % 3 * s.src_pixel]);
      if (j < P) sums[j < P ? j : 0][0] = fma(x, w0, sums[j < P ? j : 0][0]);
      if (j >= 1 && j <= P) sums[j >= 1 && j <= P ? j - 1 : 0][0] = fma(x, w1, sums[j >= 1 && j <= P ? j - 1 : 0][0]);
      if (j >= 2) sums[j >= 2 ? j - 2 : 0][0] = fma(x, w2, sums[j >= 2 ? j - 2 : 0][0]);
    }
    TERN_UNROLL for (int k = 0; k < threes; ++k) ++from[k];
  }
}

/// The weights of a block's channels, `width` floats from one input channel to the next, and those that come next: they
/// are asked for while these are at work, a line for each step of a sum, lest the first sums of a block wait for memory.
/// Blocks that would push each other out of the second cache ask for nothing.
struct FloatBlock {
  FloatBlock(const float* begin, std::int64_t rows, std::int64_t row_floats)
      : weights(begin), ahead(begin), width(row_floats), ahead_step(0) {
    constexpr std::int64_t half_a_second_cache = 512 << 10;
    if (rows * width * 4 > half_a_second_cache) return;
    ahead = begin + rows * width;
    ahead_step = 16;
  }
  const float *weights, *ahead;
  std::int64_t width, ahead_step;
};

template <int P, int N>
void conv_tile(const FloatJob& job, const float* corner, const FloatBlock& block, std::int64_t place, std::int64_t c) {
  const float *weights = block.weights, *ahead = block.ahead;
  const std::int64_t width = block.width;
  constexpr int threes = (P + 2) / 3;  // pixels that share a pointer: the next two are at one and two steps from it
  const ConvShape& s = job.shape;
  const std::int64_t step = s.stride_w * s.src_pixel;
  Vec sums[P][N];
  TERN_UNROLL for (int n = 0; n < N; ++n) {
    const Vec start = load(job.start + c + n * lanes);
    TERN_UNROLL for (int p = 0; p < P; ++p) sums[p][n] = start;
  }
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
    if constexpr (N == 1)
      if (s.kernel_w == 3 && s.stride_w == 1 && s.dilation_w == 1) {
        const std::int64_t taps = s.ic * width;
        add_three_taps<P>(s, corner + ky * s.dilation_h * s.src_row, weights + 3 * ky * taps, width, taps, sums);
        continue;
      }
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const float* src[threes];
      TERN_UNROLL for (int i = 0; i < threes; ++i)
        src[i] = corner + ky * s.dilation_h * s.src_row + kx * s.dilation_w * s.src_pixel + 3 * i * step;
      for (std::int64_t i = 0; i < s.ic; ++i, weights += width) {
        if constexpr (N == 4) {
          __builtin_prefetch(ahead, 0, 2);
          ahead += block.ahead_step;
        }
        Vec w[N];
        TERN_UNROLL for (int n = 0; n < N; ++n) w[n] = load(weights + n * lanes);
        TERN_UNROLL for (int p = 0; p < P; ++p) {
          const Vec x = splat(src[p / 3][p % 3 * step]);
          TERN_UNROLL for (int n = 0; n < N; ++n) sums[p][n] = fma(x, w[n], sums[p][n]);
        }
        TERN_UNROLL for (int k = 0; k < threes; ++k) ++src[k];
      }
    }
  }
  finish_floats<P, N>(job, sums, place / s.out_w, place % s.out_w, c);
}

/// `count` neighbouring pixels, at most P.
template <int P, int N>
TERN_INLINE void conv_pixels(const FloatJob& job, std::int64_t count, const float* corner, const FloatBlock& block,
                             std::int64_t place, std::int64_t c) {
  if constexpr (P > 0) {
    if (count == P) return conv_tile<P, N>(job, corner, block, place, c);
    conv_pixels<P - 1, N>(job, count, corner, block, place, c);
  }
}

/// Pixels next to each other, in tiles of nearly equal size.
template <int N>
void conv_row(const FloatJob& job, std::int64_t count, const float* corner, FloatBlock& block, std::int64_t place,
              std::int64_t c) {
  constexpr int most = most_pixels(N);
  const std::int64_t step = job.shape.stride_w * job.shape.src_pixel;
  const std::int64_t tiles = (count + most - 1) / most;
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t first = count * t / tiles, end = count * (t + 1) / tiles;
    conv_pixels<most, N>(job, end - first, corner + first * step, block, place + first, c);
    block.ahead += job.shape.taps() * job.shape.ic * block.ahead_step;
  }
}

template <int N>
void conv_block(const FloatJob& job, const float* weights, std::int64_t width, std::int64_t c) {
  const ConvShape& s = job.shape;
  FloatBlock block(weights, s.taps() * s.ic, width);
  const bool is_one_row = s.taps() == 1 && s.stride_h == 1 && s.stride_w == 1 && s.src_row == s.out_w * s.src_pixel;
  if (is_one_row)
    return conv_row<N>(job, (job.last_row - job.first_row) * s.out_w, job.src + job.first_row * s.src_row, block,
                       job.first_row * s.out_w, c);
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    conv_row<N>(job, s.out_w, job.src + y * s.stride_h * s.src_row, block, y * s.out_w, c);
}

void conv(const FloatJob& job) {
  const std::int64_t size = job.shape.taps() * job.shape.ic;
  for (std::int64_t first = 0; first < job.padded;) {
    const std::int64_t left = job.padded - first, width = left >= 64 ? 64 : left >= 32 ? 32 : 16;
    const float* const weights = job.weights + first * size;
    if constexpr (lanes == 16) {
      if (width == 64) conv_block<4>(job, weights, width, first);
      else if (width == 32) conv_block<2>(job, weights, width, first);
      else conv_block<1>(job, weights, width, first);
    } else {
      for (std::int64_t c = 0; c < width; c += 2 * lanes) conv_block<2>(job, weights + c, width, first + c);
    }
    first += width;
  }
}

/// One kernel a channel: P pixels x a vector of channels.
template <int P>
TERN_INLINE void depthwise_tile(const FloatJob& job, const float* corner, std::int64_t y, std::int64_t x,
                                std::int64_t c) {
  const ConvShape& s = job.shape;
  const std::int64_t step = s.stride_w * s.src_pixel;
  Vec sums[P][1];
  TERN_UNROLL for (int p = 0; p < P; ++p) sums[p][0] = load(job.start + c);
  const float* weights = job.weights + c;
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx, weights += job.padded) {
      const float* const src = corner + ky * s.dilation_h * s.src_row + kx * s.dilation_w * s.src_pixel;
      const Vec w = load(weights);
      TERN_UNROLL for (int p = 0; p < P; ++p) sums[p][0] = fma(load(src + p * step), w, sums[p][0]);
    }
  finish_floats<P, 1>(job, sums, y, x, c);
}

/// The same for kernels of 3 x 3, in registers: each source pixel is read once for the outputs that see it.
template <int P, int stride>
TERN_INLINE void depthwise_three(const FloatJob& job, const Vec (&w)[3][3], const float* corner, std::int64_t y,
                                 std::int64_t x, std::int64_t c) {
  const ConvShape& s = job.shape;
  const float* const src = corner + x * stride * s.src_pixel;
  Vec sums[P][1];
  TERN_UNROLL for (int p = 0; p < P; ++p) sums[p][0] = load(job.start + c);
  TERN_UNROLL for (int ky = 0; ky < 3; ++ky) TERN_UNROLL for (int j = 0; j < (P - 1) * stride + 3; ++j) {
    const Vec v = load(src + ky * s.dilation_h * s.src_row + j * s.src_pixel);
    TERN_UNROLL for (int kx = 0; kx < 3; ++kx) {
      const int p = (j - kx) / stride;
      if (j >= kx && (j - kx) % stride == 0 && p < P) sums[p][0] = fma(v, w[ky][kx], sums[p][0]);
    }
  }
  finish_floats<P, 1>(job, sums, y, x, c);
}

/// A row of one vector of channels in `tiles` tiles of P or P - 1 pixels; P is the least that suffices, at most what is
/// given.
template <int P, int stride>
void depthwise_three_row(const FloatJob& job, std::int64_t tiles, const float* corner, std::int64_t y, std::int64_t c) {
  const std::int64_t out_w = job.shape.out_w, wide = out_w - tiles * (P - 1);
  if constexpr (P > 1) {
    if (wide <= 0) return depthwise_three_row<P - 1, stride>(job, tiles, corner, y, c);
  }
  Vec w[3][3];
  TERN_UNROLL for (int k = 0; k < 9; ++k) w[k / 3][k % 3] = load(job.weights + k * job.padded + c);
  std::int64_t x = 0;
  for (; x < wide * P; x += P) depthwise_three<P, stride>(job, w, corner, y, x, c);
  if constexpr (P > 1)
    for (; x < out_w; x += P - 1) depthwise_three<P - 1, stride>(job, w, corner, y, x, c);
}

void depthwise(const FloatJob& job) {
  const ConvShape& s = job.shape;
  constexpr int most = lanes == 4 ? 4 : 8;
  const std::int64_t step = s.stride_w * s.src_pixel, tiles = (s.out_w + most - 1) / most;
  const bool is_three = s.kernel_h == 3 && s.kernel_w == 3 && s.dilation_w == 1 && s.stride_w <= 2;
  for (std::int64_t y = job.first_row; y < job.last_row; ++y) {
    const float* const row = job.src + y * s.stride_h * s.src_row;
    for (std::int64_t c = 0; c < s.oc; c += lanes) {
      if (is_three) {
        s.stride_w == 1 ? depthwise_three_row<most, 1>(job, tiles, row + c, y, c)
                        : depthwise_three_row<most, 2>(job, tiles, row + c, y, c);
        continue;
      }
      std::int64_t x = 0;
      for (; x + most <= s.out_w; x += most) depthwise_tile<most>(job, row + x * step + c, y, x, c);
      for (; x < s.out_w; ++x) depthwise_tile<1>(job, row + x * step + c, y, x, c);
    }
  }
}
