// Tiles of pixels x output channels, sums in registers: vpdpbusd on a broadcast source word and a vector of
// weights.
#include <immintrin.h>

#include "kernels/dense/dense_job.hpp"

namespace tern::kernels::dense_vnni {
namespace {
#include "kernels/dense/finish_tile_vnni.inl"
#include "kernels/dense/source_word_vnni.inl"

/// Pixels of a tile of neighbours, next to each other in a row.
constexpr std::int64_t least_neighbours = 8, most_neighbours = 16;
/// Rows shorter than this share tiles.
constexpr std::int64_t least_in_row = 6;

/// A job with what its tiles share.
struct Work {
  const DenseJob& job;
  CodeBounds bounds;
};

/// Where a tile begins: blocks of channels, pixel, and the rows of the kernel that matter there.
struct Start {
  std::int64_t block, y, x, first_ky, last_ky;
};

template <int P>
Scattered<P> scattered_from(const DenseJob& job, std::int64_t y, std::int64_t x) {
  Scattered<P> at;
  TERN_UNROLL for (int p = 0; p < P; ++p) {
    at.y[p] = y;
    at.x[p] = x;
    if (++x == job.out_w) {
      x = 0;
      ++y;
    }
  }
  return at;
}

template <int P, int N>
inline __attribute__((always_inline)) void sum_tile(const Work& work, const Start& start,
                                                    const std::uint8_t* const (&src)[P],
                                                    __m512i (&acc)[P][N]) {
  const DenseJob& job = work.job;
  TERN_UNROLL for (int n = 0; n < N; ++n) {
    const __m512i initial = _mm512_loadu_si512(job.initial + (start.block + n) * dense_channels);
    TERN_UNROLL for (int p = 0; p < P; ++p) acc[p][n] = initial;
  }
  const std::int64_t next_block = job.words * dense_word;
  const std::int8_t* weights =
      job.weights + start.block * next_block + start.first_ky * job.kernel_w * job.tap_words * dense_word;
  const DenseRun* const last = job.runs + start.last_ky * job.row_runs;
  for (const DenseRun* run = job.runs + start.first_ky * job.row_runs; run < last; ++run) {
    std::int64_t at_byte = run->src;
    const std::int64_t end = at_byte + 4 * run->words;
    do {
      __m512i w[N];
      TERN_UNROLL for (int n = 0; n < N; ++n) w[n] = _mm512_load_si512(weights + n * next_block);
      TERN_UNROLL for (int p = 0; p < P; ++p) {
        const __m512i word = source_word(src[p] + at_byte);
        TERN_UNROLL for (int n = 0; n < N; ++n) acc[p][n] = _mm512_dpbusd_epi32(acc[p][n], word, w[n]);
      }
      weights += dense_word;
      at_byte += 4;
    } while (at_byte != end);
  }
  settle(acc);
}

/// P pixels from (y, x) on, across the ends of rows, and N blocks of channels.
template <int P, int N>
void tile_across(const Work& work, const Start& start) {
  const DenseJob& job = work.job;
  const Scattered<P> at = scattered_from<P>(job, start.y, start.x);
  const std::uint8_t* src[P];
  TERN_UNROLL for (int p = 0; p < P; ++p) src[p] = job.src + at.y[p] * job.step_y + at.x[p] * job.step_x;
  __m512i acc[P][N];
  sum_tile(work, start, src, acc);
  finish_tile(*job.epilogue, work.bounds, acc, at, job.first_channel + start.block * dense_channels);
}

/// The same within a row.
template <int P, int N>
void tile_in_row(const Work& work, const Start& start) {
  const DenseJob& job = work.job;
  const std::uint8_t* src[P];
  TERN_UNROLL for (int p = 0; p < P; ++p) src[p] =
      job.src + start.y * job.step_y + (start.x + p) * job.step_x;
  __m512i acc[P][N];
  sum_tile(work, start, src, acc);
  finish_tile(*job.epilogue, work.bounds, acc, InRow{start.y, start.x},
              job.first_channel + start.block * dense_channels);
}

/// P neighbours of one row and one block of channels, kernels three taps wide: a source word, once loaded,
/// serves three pixels. Loads of source words, not products, bound narrow layers.
template <int P>
void neighbours(const Work& work, const Start& start) {
  const DenseJob& job = work.job;
  constexpr int groups = (P + 2 + 2) / 3;  // of pixels that share a pointer
  __m512i acc[P][1];
  const __m512i initial = _mm512_loadu_si512(job.initial + start.block * dense_channels);
  TERN_UNROLL for (int p = 0; p < P; ++p) acc[p][0] = initial;
  const std::int64_t next_tap = job.tap_words * dense_word, step = job.step_x;
  const std::int8_t* weights =
      job.weights + start.block * job.words * dense_word + start.first_ky * 3 * next_tap;
  for (std::int64_t ky = start.first_ky; ky < start.last_ky; ++ky, weights += 2 * next_tap) {
    const std::uint8_t* src[groups];
    TERN_UNROLL for (int g = 0; g < groups; ++g) src[g] =
        job.src + start.y * job.step_y + ky * job.step_ky + (start.x + 3 * g) * step;
    const std::int8_t* const end = weights + next_tap;
    do {
      const __m512i left = _mm512_load_si512(weights), middle = _mm512_load_si512(weights + next_tap),
                    right = _mm512_load_si512(weights + 2 * next_tap);
      TERN_UNROLL for (int i = 0; i < P + 2; ++i) {
        const __m512i word = source_word(src[i / 3] + (i % 3) * step);
        if (i < P) acc[i][0] = _mm512_dpbusd_epi32(acc[i][0], word, left);
        if (i >= 1 && i < P + 1) acc[i - 1][0] = _mm512_dpbusd_epi32(acc[i - 1][0], word, middle);
        if (i >= 2) acc[i - 2][0] = _mm512_dpbusd_epi32(acc[i - 2][0], word, right);
      }
      TERN_UNROLL for (int g = 0; g < groups; ++g) src[g] += 4;
      weights += dense_word;
    } while (weights != end);
  }
  settle(acc);
  finish_tile(*job.epilogue, work.bounds, acc, InRow{start.y, start.x},
              job.first_channel + start.block * dense_channels);
}

using Tile = void (*)(const Work&, const Start&);

/// Tiles of N blocks by the number of pixels less one.
struct Tiles {
  Tile across[12], in_row[12];
};
template <int N, int... P>
constexpr Tiles tiles_of = {{tile_across<P, N>...}, {tile_in_row<P, N>...}};
constexpr const Tiles& of_1 = tiles_of<1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12>;
constexpr const Tiles& of_2 = tiles_of<2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12>;
constexpr const Tiles& of_4 = tiles_of<4, 1, 2, 3, 4>;
constexpr Tile rows_of_1[] = {neighbours<8>,  neighbours<9>,  neighbours<10>, neighbours<11>, neighbours<12>,
                              neighbours<13>, neighbours<14>, neighbours<15>, neighbours<16>};

/// Calls body(first, count) on `total` things cut into parts of at most `most`, as equal as possible.
template <class Body>
void each_part(std::int64_t total, std::int64_t most, const Body& body) {
  const std::int64_t parts = (total + most - 1) / most;
  for (std::int64_t i = 0, first = 0; i < parts; ++i) {
    const std::int64_t count = (total - first + parts - i - 1) / (parts - i);
    body(first, count);
    first += count;
  }
}

}  // namespace

#include "kernels/dense/dense_unpack.inl"

/// Rows of the kernel that do not lie in a border of zeros at output row y.
static void choose_kernel_rows(const DenseJob& job, Start& start) {
  start.first_ky = 0;
  start.last_ky = job.kernel_h;
  while (start.first_ky < start.last_ky && job.in_border(start.y, start.first_ky)) ++start.first_ky;
  while (start.first_ky < start.last_ky && job.in_border(start.y, start.last_ky - 1)) --start.last_ky;
}

static void run_rows(const Work& work, Start start, std::int64_t most, std::int64_t least,
                     const Tile* tiles) {
  const DenseJob& job = work.job;
  const std::int64_t first_x = job.first_pixel % job.out_w, end = job.last_pixel;
  start.y = job.first_pixel / job.out_w;
  for (std::int64_t from = first_x; start.y * job.out_w + from < end; from = 0, ++start.y) {
    const std::int64_t left = end - start.y * job.out_w, to = left < job.out_w ? left : job.out_w;
    choose_kernel_rows(job, start);
    each_part(to - from, most, [&](std::int64_t first, std::int64_t count) {
      start.x = from + first;
      tiles[count - least](work, start);
    });
  }
}

static void run_across(const Work& work, Start start, std::int64_t most, const Tile* tiles) {
  const DenseJob& job = work.job;
  start.first_ky = 0;
  start.last_ky = job.kernel_h;
  each_part(job.last_pixel - job.first_pixel, most, [&](std::int64_t first, std::int64_t count) {
    start.y = (job.first_pixel + first) / job.out_w;
    start.x = (job.first_pixel + first) % job.out_w;
    tiles[count - 1](work, start);
  });
}

void run(const DenseJob& job) {
  const Work work{job, code_bounds(*job.epilogue)};
  const std::int64_t pixels = job.last_pixel - job.first_pixel;
  // Rows of three or four pixels make a tile with four blocks, so that rows of zeros are left out.
  const bool narrow = (job.out_w == 3 || job.out_w == 4) && job.first_src_row > 0;
  Start start{};
  for (std::int64_t n = 0; start.block < job.blocks; start.block += n) {
    const std::int64_t left = job.blocks - start.block;
    n = left >= 4 && (pixels <= 4 || narrow) ? 4 : left >= 2 ? 2 : 1;
    const std::int64_t most = n == 4 ? 4 : 12;
    const Tiles& tiles = n == 4 ? of_4 : n == 2 ? of_2 : of_1;
    if (n == 1 && job.three_taps && job.out_w >= least_neighbours)
      run_rows(work, start, most_neighbours, least_neighbours, rows_of_1);
    else if (job.out_w >= least_in_row || (n == 4 && narrow))
      run_rows(work, start, most, 1, tiles.in_row);
    else
      run_across(work, start, most, tiles.across);
  }
}

}  // namespace tern::kernels::dense_vnni
