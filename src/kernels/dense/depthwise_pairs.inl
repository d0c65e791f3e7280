// run of an instruction set without vpdpbusd: two taps a lane make one product of pairs (vpmaddwd), exact for
// any codes. Include after <immintrin.h> inside the unit's namespace. Interleaving 16-bit integers within 128
// bits gives of 16 lanes first 0-3 and 8-11, then 4-7 and 12-15; weights lie in that order, sums are put back
// at the end.

static inline __m256i load_16_bytes(const std::uint8_t* from) {
  return _mm256_cvtepu8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
}

/// plain_weights: [pair][half of the lanes][first, second][8 lanes][2 taps].
static void spread_weights(const DepthwiseJob& job, std::int64_t block) {
  const std::int8_t* const from = job.weights + block * job.groups * 4 * depthwise_lanes;
  for (std::int64_t tap = 0; tap < 4 * job.groups; ++tap)
    for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane) {
      const std::int64_t quad = lane % 16 / 4;  // of four neighbours, which stay together
      const std::int64_t place = lane / 16 * 32 + quad % 2 * 16 + quad / 2 * 8 + lane % 4 * 2;
      job.plain_weights[tap / 2 * 64 + place + tap % 2] =
          from[(tap / 4 * depthwise_lanes + lane) * 4 + tap % 4];
    }
}

/// Sums of 16 lanes of all taps, first part and second part.
struct Sums16 {
  __m256i first, second;
};

static inline Sums16 sum_half(const DepthwiseJob& job, const std::uint8_t* src, std::int64_t half) {
  Sums16 acc{_mm256_setzero_si256(), _mm256_setzero_si256()};
  const auto* weights = reinterpret_cast<const __m256i*>(job.plain_weights + half * 32);
  src += 16 * half;
  for (std::int64_t pair = 0; pair < 2 * job.groups; ++pair, weights += 4) {
    const __m256i a = load_16_bytes(src + job.offsets[2 * pair]),
                  b = load_16_bytes(src + job.offsets[2 * pair + 1]);
    const __m256i first = _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), _mm256_loadu_si256(weights));
    const __m256i second = _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), _mm256_loadu_si256(weights + 1));
    acc = {_mm256_add_epi32(acc.first, first), _mm256_add_epi32(acc.second, second)};
  }
  return acc;
}

static inline void store_in_order(const Sums16& acc, const std::int32_t* initial, std::int32_t* sums) {
  const auto put = [&](int at, __m256i sum) {
    const __m256i start = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(initial + at));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + at), _mm256_add_epi32(sum, start));
  };
  put(0, _mm256_permute2x128_si256(acc.first, acc.second, 0x20));
  put(8, _mm256_permute2x128_si256(acc.first, acc.second, 0x31));
}

static void run_block(const DepthwiseJob& job, std::int64_t block) {
  const std::int64_t most = job.step_x == job.channels ? job.pixels : 1;  // pixels of a stride lie apart
  const std::int64_t first = block * depthwise_lanes, left = job.channels - first;
  const std::int64_t width = left < depthwise_lanes ? left : depthwise_lanes;
  const std::int64_t halves = width * most > 16 ? 2 : 1;
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    for (std::int64_t x = 0; x < job.out_w; x += most) {
      const std::uint8_t* const src = job.src + first + y * job.step_y + x * job.step_x;
      std::int32_t sums[depthwise_lanes];
      for (std::int64_t half = 0; half < halves; ++half)
        store_in_order(sum_half(job, src, half), job.initial + first + 16 * half, sums + 16 * half);
      finish(*job.epilogue, sums, width, y, x, job.out_w - x < most ? job.out_w - x : most, first, width);
    }
}

void run(const DepthwiseJob& job) {
  for (std::int64_t block = 0; block < job.blocks; ++block) {
    spread_weights(job, block);
    run_block(job, block);
  }
}
