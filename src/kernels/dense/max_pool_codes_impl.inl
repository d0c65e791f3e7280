// run of one instruction set, by the compiler's own vectors. Include inside the unit's namespace.

/// dst = max(dst, src), or dst = src at the first tap.
static void take(const std::uint8_t* src, std::int64_t channels, bool first, std::uint8_t* dst) {
  if (first)
    for (std::int64_t c = 0; c < channels; ++c) dst[c] = src[c];
  else
    for (std::int64_t c = 0; c < channels; ++c) dst[c] = src[c] > dst[c] ? src[c] : dst[c];
}

static void pool_block(const MaxPoolJob& job, const std::uint8_t* window, std::int64_t channels,
                       std::uint8_t* dst) {
  const ConvShape& s = job.shape;
  std::uint8_t largest[64];
  const bool whole = channels == 64;
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const std::uint8_t* const src =
          window + ky * s.dilation_h * s.src_row + kx * s.dilation_w * s.src_pixel;
      if (whole)
        take(src, 64, ky == 0 && kx == 0, largest);
      else
        take(src, channels, ky == 0 && kx == 0, largest);
    }
  for (std::int64_t c = 0; c < channels; ++c) dst[c] = largest[c];
}

void run(const MaxPoolJob& job) {
  const ConvShape& s = job.shape;
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    for (std::int64_t x = 0; x < s.out_w; ++x) {
      const std::uint8_t* const window = job.src + y * s.stride_h * s.src_row + x * s.stride_w * s.src_pixel;
      for (std::int64_t c = 0; c < s.ic; c += 64)
        pool_block(job, window + c, s.ic - c < 64 ? s.ic - c : 64, job.dst.at(y, x) + c);
    }
}
