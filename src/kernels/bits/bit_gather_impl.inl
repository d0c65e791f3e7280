// Gathering bit patches, correcting sums at the border; include inside a unit's namespace, after the
// functions copy_words(dst, src, count) and combine(dst, a, b, c, count).

static inline std::int64_t count_bits(std::uint64_t v) { return __builtin_popcountll(v); }

static void gather(const BitGather& job) {
  const bool joined = job.planes == 1 && job.dilation_w == 1 && job.src_pixel == job.ic_words;
  const std::int64_t columns = joined ? 1 : job.kernel_w;
  const std::int64_t third = job.words / 3;
  const std::int64_t run = joined ? job.ic_words * job.kernel_w : job.ic_words;
  std::int64_t y = job.first / job.out_w, x = job.first % job.out_w;
  std::uint64_t* patch = job.patches;
  for (std::int64_t p = 0; p < job.count; ++p) {
    const std::uint64_t* const corner =
        job.src + y * job.stride_h * job.src_row + x * job.stride_w * job.src_pixel;
    std::int64_t total = 0;
    for (std::int64_t plane = 0; plane < job.planes; ++plane, patch += job.words) {
      std::uint64_t* dst = patch;
      for (std::int64_t ky = 0; ky < job.kernel_h; ++ky)
        for (std::int64_t kx = 0; kx < columns; ++kx, dst += run)
          copy_words(dst, corner + ky * job.dilation_h * job.src_row + kx * job.dilation_w * job.src_pixel +
                              plane * job.ic_words, run);
      if (job.totals != nullptr)
        for (std::int64_t k = 0; k < job.words; ++k) total += count_bits(patch[k]) << plane;
      combine(patch, patch, patch + third, patch + 2 * third, third);
    }
    if (job.totals != nullptr) job.totals[p] = static_cast<std::int32_t>(total);
    if (++x == job.out_w) x = 0, ++y;
  }
}

static void correct(const BitCorrection& c, std::int32_t* dst) {
  for (std::int64_t o = 0; o < bit_block; ++o)
    dst[o] += c.bottom_right[o] - c.top_right[o] - c.bottom_left[o] + c.top_left[o] - c.all[o];
}
