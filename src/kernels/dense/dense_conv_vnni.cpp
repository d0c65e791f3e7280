// Tiles of pixels x output channels, sums in registers: vpdpbusd on a broadcast source word and a vector of
// weights.
#include <immintrin.h>

#include "kernels/dense/dense_job.hpp"

namespace tern::kernels::dense_vnni {
namespace {
#include "kernels/dense/finish_tile_avx512.inl"

/// Pixels that a tile of N vectors of channels may have, by the 32 registers; whole tiles are that large or a
/// bit smaller.
constexpr std::int64_t tile_pixels(int n) {
  return n == 4 ? 4 : 12;
}
/// Pixels of a tile of neighbours, next to each other in a row.
constexpr std::int64_t least_neighbours = 8, most_neighbours = 16;

__m512i source_word(const std::uint8_t* from) {
  std::int32_t word;
  __builtin_memcpy(&word, from, 4);
  return _mm512_set1_epi32(word);
}

/// Ends the sums' life as operands of the loop; without this g++ 12 copies every one of them in each round.
template <int P, int N>
inline __attribute__((always_inline)) void settle(__m512i (&acc)[P][N]) {
  TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int n = 0; n < N; ++n) asm("" : "+v"(acc[p][n]));
}

template <int P>
TilePlaces<P> places_from(const DenseJob& job, std::int64_t y, std::int64_t x) {
  TilePlaces<P> at;
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

/// P pixels from (y, x) on, across the ends of rows, and N blocks of channels from `block` on.
template <int P, int N>
void tile(const DenseJob& job, std::int64_t block, std::int64_t y, std::int64_t x) {
  const TilePlaces<P> at = places_from<P>(job, y, x);
  const std::uint8_t* src[P];
  TERN_UNROLL for (int p = 0; p < P; ++p) src[p] = job.src + at.y[p] * job.step_y + at.x[p] * job.step_x;
  __m512i acc[P][N];
  TERN_UNROLL for (int n = 0; n < N; ++n) {
    const __m512i initial = _mm512_loadu_si512(job.initial + (block + n) * dense_channels);
    TERN_UNROLL for (int p = 0; p < P; ++p) acc[p][n] = initial;
  }
  const std::int64_t next_block = job.words * dense_word;
  const std::int8_t* weights = job.weights + block * next_block;
  for (std::int64_t run = 0; run < job.num_runs; ++run) {
    std::int64_t at_byte = job.runs[run].src;
    const std::int64_t end = at_byte + 4 * job.runs[run].words;
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
  finish_tile(*job.epilogue, acc, at, job.first_channel + block * dense_channels);
}

/// P neighbours of one row and one block of channels, kernels three taps wide: a source word, once loaded,
/// serves three pixels. Loads of source words, not products, bound narrow layers.
template <int P>
void neighbours(const DenseJob& job, std::int64_t block, std::int64_t y, std::int64_t x) {
  constexpr int groups = (P + 2 + 2) / 3;  // of pixels that share a pointer
  __m512i acc[P][1];
  const __m512i initial = _mm512_loadu_si512(job.initial + block * dense_channels);
  TERN_UNROLL for (int p = 0; p < P; ++p) acc[p][0] = initial;
  const std::int64_t next_tap = job.tap_words * dense_word, step = job.step_x;
  const std::int8_t* weights = job.weights + block * job.words * dense_word;
  for (std::int64_t ky = 0; ky < job.kernel_h; ++ky, weights += 2 * next_tap) {
    const std::uint8_t* src[groups];
    TERN_UNROLL for (int g = 0; g < groups; ++g) src[g] =
        job.src + y * job.step_y + ky * job.step_ky + (x + 3 * g) * step;
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
  TilePlaces<P> at;
  TERN_UNROLL for (int p = 0; p < P; ++p) {
    at.y[p] = y;
    at.x[p] = x + p;
  }
  finish_tile(*job.epilogue, acc, at, job.first_channel + block * dense_channels);
}

using Tile = void (*)(const DenseJob&, std::int64_t block, std::int64_t y, std::int64_t x);

constexpr Tile tiles_of_1[] = {tile<1, 1>, tile<2, 1>, tile<3, 1>, tile<4, 1>,  tile<5, 1>,  tile<6, 1>,
                               tile<7, 1>, tile<8, 1>, tile<9, 1>, tile<10, 1>, tile<11, 1>, tile<12, 1>};
constexpr Tile tiles_of_2[] = {tile<1, 2>, tile<2, 2>, tile<3, 2>, tile<4, 2>,  tile<5, 2>,  tile<6, 2>,
                               tile<7, 2>, tile<8, 2>, tile<9, 2>, tile<10, 2>, tile<11, 2>, tile<12, 2>};
constexpr Tile tiles_of_4[] = {tile<1, 4>, tile<2, 4>, tile<3, 4>, tile<4, 4>};
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

void run(const DenseJob& job) {
  const std::int64_t pixels = job.last_pixel - job.first_pixel;
  std::int64_t n = 0;
  for (std::int64_t block = 0; block < job.blocks; block += n) {
    const std::int64_t left = job.blocks - block;
    n = left >= 4 && pixels <= 4 ? 4 : left >= 2 ? 2 : 1;
    if (n == 1 && job.three_taps && job.out_w >= least_neighbours && job.first_pixel % job.out_w == 0) {
      for (std::int64_t y = job.first_pixel / job.out_w; y * job.out_w < job.last_pixel; ++y)
        each_part(job.out_w, most_neighbours, [&](std::int64_t x, std::int64_t count) {
          rows_of_1[count - least_neighbours](job, block, y, x);
        });
      continue;
    }
    const Tile* const tiles = n == 4 ? tiles_of_4 : n == 2 ? tiles_of_2 : tiles_of_1;
    each_part(pixels, tile_pixels(static_cast<int>(n)), [&](std::int64_t first, std::int64_t count) {
      const std::int64_t pixel = job.first_pixel + first;
      tiles[count - 1](job, block, pixel / job.out_w, pixel % job.out_w);
    });
  }
}

}  // namespace tern::kernels::dense_vnni
