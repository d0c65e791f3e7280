// run of an instruction set without vpdpbusd: sums of pairs of 16-bit products (vpmaddwd), exact for any
// codes. Included inside a unit's namespace, after its vectors: Vec, its width in channels `lanes`, the
// operations below, and tile_pixels, tile_vectors by its registers.

/// Even and odd bytes of every 32-bit word as 16-bit integers.
struct Halves {
  Vec even, odd;
};

template <int P, int N>
static void tile(const DenseJob& job, std::int64_t vector, std::int64_t pixel) {
  const std::uint8_t* src[P];
  TERN_UNROLL for (int p = 0; p < P; ++p) src[p] =
      job.src + (pixel + p) / job.out_w * job.step_y + (pixel + p) % job.out_w * job.step_x;
  Vec acc[P][N];
  TERN_UNROLL for (int n = 0; n < N; ++n) {
    const Vec initial = load(job.initial + (vector + n) * lanes);
    TERN_UNROLL for (int p = 0; p < P; ++p) acc[p][n] = initial;
  }
  constexpr std::int64_t parts = dense_channels / lanes;  // vectors of a word of weights
  const std::int8_t* weights[N];
  TERN_UNROLL for (int n = 0; n < N; ++n) weights[n] =
      job.weights + (vector + n) / parts * job.words * dense_word + (vector + n) % parts * lanes * 4;
  for (std::int64_t run = 0; run < job.num_runs; ++run)
    for (std::int64_t word = 0; word < job.runs[run].words; ++word) {
      Halves w[N];
      TERN_UNROLL for (int n = 0; n < N; ++n) {
        const Vec bytes = load(weights[n]);
        w[n] = {signed_even(bytes), signed_odd(bytes)};
        weights[n] += dense_word;
      }
      TERN_UNROLL for (int p = 0; p < P; ++p) {
        const Vec bytes = broadcast(src[p] + job.runs[run].src + 4 * word);
        const Halves x = {unsigned_even(bytes), unsigned_odd(bytes)};
        TERN_UNROLL for (int n = 0; n < N; ++n) acc[p][n] =
            add(acc[p][n], add(multiply_pairs(x.even, w[n].even), multiply_pairs(x.odd, w[n].odd)));
      }
    }
  std::int32_t sums[P][N * lanes];
  TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int n = 0; n < N; ++n)
      store(&sums[p][n * lanes], acc[p][n]);
  const std::int64_t first = job.first_channel + vector * lanes, left = job.epilogue->channels - first;
  for (int p = 0; p < P; ++p)
    finish(*job.epilogue, sums[p], N * lanes, (pixel + p) / job.out_w, (pixel + p) % job.out_w, 1, first,
           left < N * lanes ? left : N * lanes);
}

template <int N>
static void run_vectors(const DenseJob& job, std::int64_t vector) {
  std::int64_t pixel = job.first_pixel;
  for (; pixel + tile_pixels <= job.last_pixel; pixel += tile_pixels)
    tile<tile_pixels, N>(job, vector, pixel);
  for (; pixel < job.last_pixel; ++pixel) tile<1, N>(job, vector, pixel);
}

void run(const DenseJob& job) {
  constexpr std::int64_t block_vectors = dense_channels / lanes;
  const std::int64_t vectors = job.blocks * block_vectors;
  std::int64_t vector = 0;
  for (; vector + tile_vectors <= vectors; vector += tile_vectors) run_vectors<tile_vectors>(job, vector);
  for (; vector < vectors; vector += block_vectors) run_vectors<block_vectors>(job, vector);
}
