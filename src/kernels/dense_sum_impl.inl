// dense_sums; kernels/dense_sum.hpp says what they compute.

/// Vectors that one block of channels takes, and places summed together: half of 16 registers hold sums.
constexpr int block_vectors = static_cast<int>(dense_block / lanes);
constexpr int tile_places = 8 / block_vectors;

template <int count>
TERN_INLINE void sum_tile(const DenseSum& job, const std::int64_t* places, float* dst) {
  Vec sums[count][block_vectors] = {};
  const float* weights = job.weights;
  for (std::int64_t tap = 0; tap < job.num_taps; ++tap) {
    const float* src[count];
    for (int p = 0; p < count; ++p) src[p] = job.src + places[p] + job.taps[tap];
    for (std::int64_t c = 0; c < job.ic; ++c, weights += dense_block)
      for (int p = 0; p < count; ++p) {
        const Vec x = splat(src[p][c]);
        for (int v = 0; v < block_vectors; ++v) sums[p][v] += x * load(weights + v * lanes);
      }
  }
  for (int p = 0; p < count; ++p)
    for (int v = 0; v < block_vectors; ++v) store(dst + p * dense_block + v * lanes, sums[p][v]);
}

void dense_sums(const DenseSum& job, float* dst) {
  std::int64_t p = 0;
  for (; p + tile_places <= job.num_places; p += tile_places)
    sum_tile<tile_places>(job, job.places + p, dst + p * dense_block);
  for (; p < job.num_places; ++p) sum_tile<1>(job, job.places + p, dst + p * dense_block);
}

void dense_sums_wide(const DenseSum& job, double* dst) {
  for (std::int64_t p = 0; p < job.num_places; ++p, dst += dense_block) {
    double sums[dense_block] = {};
    const float* weights = job.weights;
    for (std::int64_t tap = 0; tap < job.num_taps; ++tap) {
      const float* const src = job.src + job.places[p] + job.taps[tap];
      for (std::int64_t c = 0; c < job.ic; ++c, weights += dense_block)
        for (std::int64_t o = 0; o < dense_block; ++o) sums[o] += double{src[c]} * weights[o];
    }
    for (std::int64_t o = 0; o < dense_block; ++o) dst[o] = sums[o];
  }
}
