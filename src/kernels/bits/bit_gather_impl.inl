// Chains of bit patches; include inside a unit's namespace. Plain loops, which compilers turn into vectors.

/// `count` words of every link: word i of link k is read at tap(k) + i.
template <class Tap>
static inline void chain_words(const BitGather& job, std::int64_t count, std::uint64_t* __restrict dst, Tap tap) {
  const std::int64_t links = job.shape.links, link = job.link;
  std::int64_t k = 0;
  for (; k + 3 <= links; k += 3, dst += 3 * link) {
    const std::uint64_t *__restrict a = tap(k), *__restrict b = tap(k + 1), *__restrict c = tap(k + 2);
    for (std::int64_t i = 0; i < count; ++i) {
      dst[i] = a[i] ^ b[i] ^ c[i];
      dst[i + link] = b[i];
      dst[i + 2 * link] = c[i];
    }
  }
  for (; k < links; ++k, dst += link) {
    const std::uint64_t* __restrict a = tap(k);
    for (std::int64_t i = 0; i < count; ++i) dst[i] = a[i];
  }
}

/// Pixels next to each other in one row.
static inline void gather_row(const BitGather& job, const std::uint64_t* corner, std::int64_t count,
                              std::uint64_t* dst) {
  const std::int64_t step = job.stride_w * job.src_pixel;
  if (job.kernel_h * job.kernel_w == 1) {
    for (std::int64_t p = 0; p < count; ++p, corner += step, dst += job.pixel)
      for (std::int64_t q = 0; q < job.planes; ++q) {
        const std::uint64_t* const words = corner + q * job.ic_words;
        chain_words(job, 1, dst + q * job.plane, [&](std::int64_t k) { return words + k; });
      }
    return;
  }
  const std::int64_t row = job.dilation_h * job.src_row, column = job.dilation_w * job.src_pixel;
  const auto chain = [&](const std::uint64_t* from, std::int64_t words, std::uint64_t* to) {
    chain_words(job, words, to,
                [&](std::int64_t k) { return from + k / job.kernel_w * row + k % job.kernel_w * column; });
  };
  if (step == job.pixel) return chain(corner, count * job.pixel, dst);
  for (std::int64_t p = 0; p < count; ++p) chain(corner + p * step, job.pixel, dst + p * job.pixel);
}

static inline std::int32_t count_pixel(const BitGather& job, const std::uint64_t* corner) {
  std::int64_t total = 0;
  for (std::int64_t ky = 0; ky < job.kernel_h; ++ky)
    for (std::int64_t kx = 0; kx < job.kernel_w; ++kx) {
      const std::uint64_t* words = corner + ky * job.dilation_h * job.src_row + kx * job.dilation_w * job.src_pixel;
      for (std::int64_t q = 0; q < job.planes; ++q)
        for (std::int64_t k = 0; k < job.ic_words; ++k, ++words)
          total += std::int64_t{__builtin_popcountll(*words)} << q;
    }
  return static_cast<std::int32_t>(total);
}

static void gather(const BitGather& job) {
  std::int64_t y = job.first / job.out_w, x = job.first % job.out_w;
  for (std::int64_t p = 0; p < job.count;) {
    const std::int64_t run = job.count - p < job.out_w - x ? job.count - p : job.out_w - x;
    const std::uint64_t* const corner =
        job.src + y * job.stride_h * job.src_row + x * job.stride_w * job.src_pixel;
    gather_row(job, corner, run, job.patches + p * job.pixel);
    for (std::int64_t i = 0; i < run && job.totals != nullptr; ++i)
      job.totals[p + i] = count_pixel(job, corner + i * job.stride_w * job.src_pixel);
    p += run;
    x = 0, ++y;
  }
}
