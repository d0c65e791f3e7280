// run of ARM's units: a block of 16 channels in four vectors of sums, at four pixels. Include inside a unit's namespace,
// after <arm_neon.h> and kernels/dot_arm.inl.

static constexpr int tile_pixels = 4, tile_vectors = 4;

/// `start`: the block's initial sums, and what signed codes lack.
template <int P>
static void tile(const DenseJob& job, std::int64_t block, std::int64_t pixel, const int32x4_t (&start)[tile_vectors]) {
  const std::uint8_t* src[P];
  for (int p = 0; p < P; ++p)
    src[p] = job.src + (pixel + p) / job.out_w * job.step_y + (pixel + p) % job.out_w * job.step_x;
  int32x4_t acc[P][tile_vectors];
#pragma GCC unroll 4
  for (int p = 0; p < P; ++p)
#pragma GCC unroll 4
    for (int n = 0; n < tile_vectors; ++n) acc[p][n] = start[n];
  const std::int8_t* weights = job.weights + block * job.words * dense_word;
  for (std::int64_t run = 0; run < job.num_runs; ++run)
    for (std::int64_t word = 0; word < job.runs[run].words; ++word, weights += dense_word) {
      int8x16_t w[tile_vectors];
#pragma GCC unroll 4
      for (int n = 0; n < tile_vectors; ++n) w[n] = vld1q_s8(weights + 16 * n);
#pragma GCC unroll 4
      for (int p = 0; p < P; ++p) {
        std::int32_t four;
        __builtin_memcpy(&four, src[p] + job.runs[run].src + 4 * word, 4);
        const int8x16_t x = make_signed(vreinterpretq_s8_s32(vdupq_n_s32(four)));
#pragma GCC unroll 4
        for (int n = 0; n < tile_vectors; ++n) acc[p][n] = dot_bytes(acc[p][n], w[n], x);
      }
    }
  const std::int64_t first = job.first_channel + block * dense_channels, left = job.epilogue->channels - first;
  for (int p = 0; p < P; ++p) {
    std::int32_t sums[dense_channels];
    for (int n = 0; n < tile_vectors; ++n) vst1q_s32(sums + 4 * n, acc[p][n]);
    finish(*job.epilogue, sums, dense_channels, (pixel + p) / job.out_w, (pixel + p) % job.out_w, 1, first,
           left < dense_channels ? left : dense_channels);
  }
}

void run(const DenseJob& job) {
  for (std::int64_t block = 0; block < job.blocks; ++block) {
    int32x4_t start[tile_vectors];
    for (int n = 0; n < tile_vectors; ++n) start[n] = vld1q_s32(job.initial + block * dense_channels + 4 * n);
    const std::int8_t* weights = job.weights + block * job.words * dense_word;
    for (std::int64_t word = 0; word < job.words; ++word, weights += dense_word)
      for (int n = 0; n < tile_vectors; ++n) start[n] = vaddq_s32(start[n], lacking(vld1q_s8(weights + 16 * n)));
    std::int64_t pixel = job.first_pixel;
    for (; pixel + tile_pixels <= job.last_pixel; pixel += tile_pixels) tile<tile_pixels>(job, block, pixel, start);
    for (; pixel < job.last_pixel; ++pixel) tile<1>(job, block, pixel, start);
  }
}
