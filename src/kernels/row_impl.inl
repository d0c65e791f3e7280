// Loops over rows of channels, which the compiler vectorises. Included inside the namespace of an instruction
// set.

static void moments(std::int64_t rows, std::int64_t channels, const float* __restrict x,
                    const float* __restrict centre, double* __restrict sum, double* __restrict sum_squares) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels)
    for (std::int64_t c = 0; c < channels; ++c) {
      const double v = static_cast<double>(x[c]) - static_cast<double>(centre[c]);
      sum[c] += v;
      sum_squares[c] += v * v;
    }
}

static void products(std::int64_t rows, std::int64_t channels, const float* __restrict x,
                     const float* __restrict y, double* __restrict sum_y, double* __restrict sum_xy) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels, y += channels)
    for (std::int64_t c = 0; c < channels; ++c) {
      const double v = static_cast<double>(y[c]);
      sum_y[c] += v;
      sum_xy[c] += v * static_cast<double>(x[c]);
    }
}

// y may be x, and z may be y: each element is read before it is written, hence ivdep and not restrict.
static void affine(std::int64_t rows, std::int64_t channels, const float* x, const float* a, const float* b,
                   float* y) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels, y += channels)
#pragma GCC ivdep
    for (std::int64_t c = 0; c < channels; ++c) y[c] = a[c] * x[c] + b[c];
}

static void affine2(std::int64_t rows, std::int64_t channels, const float* y, const float* x, const float* a,
                    const float* b, const float* d, float* z) {
  for (std::int64_t r = 0; r < rows; ++r, x += channels, y += channels, z += channels)
#pragma GCC ivdep
    for (std::int64_t c = 0; c < channels; ++c) z[c] = (a[c] * y[c] + b[c] * x[c]) + d[c];
}
