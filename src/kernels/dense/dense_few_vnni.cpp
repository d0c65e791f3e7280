// Few pixels: weights stream from memory in as few bits as they have and are unpacked in registers.
//
// With u the stored, unsigned code of a weight: weight = u - 2 (2 bits), u - 8 (4 bits) or 2 u - 1 (1 bit).
// The kernel sums u * x; the sum of all x of the pixel, taken once, gives the rest.
#include <immintrin.h>

#include "kernels/dense/dense_job.hpp"

namespace tern::kernels::dense_vnni {
namespace {
#include "kernels/dense/finish_tile_vnni.inl"
#include "kernels/dense/source_word_vnni.inl"

/// Words that one step takes from a block.
template <int Bits>
constexpr int step_words = Bits == 8 ? 2 : 8 / Bits;
/// Bytes of them.
template <int Bits>
constexpr int step_bytes = step_words<Bits> * 8 * Bits;

/// Word j of a step, codes unsigned below 8 bits.
template <int Bits>
inline __attribute__((always_inline)) __m512i word_of(const std::uint8_t* step, int j) {
  if constexpr (Bits == 8) return _mm512_loadu_si512(step + 64 * j);
  const __m512i shifted = _mm512_srli_epi16(_mm512_loadu_si512(step), static_cast<unsigned>(Bits * j));
  return _mm512_and_si512(shifted, _mm512_set1_epi8((1 << Bits) - 1));
}

/// Sum of `words` source words, bytes unsigned.
std::int32_t sum_of(const std::uint8_t* src, std::int64_t words) {
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i sum = _mm512_setzero_si512();
  std::int64_t word = 0;
  for (; word + 16 <= words; word += 16)
    sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(src + 4 * word), ones);
  const auto rest = static_cast<__mmask16>((1U << (words - word)) - 1);
  sum = _mm512_dpbusd_epi32(sum, _mm512_maskz_loadu_epi32(rest, src + 4 * word), ones);
  return _mm512_reduce_add_epi32(sum);
}

/// weight = factor * u - shift.
template <int Bits>
inline __attribute__((always_inline)) __m512i from_codes(__m512i sum, std::int32_t sources) {
  if constexpr (Bits == 8) return sum;
  if constexpr (Bits == 1) return _mm512_sub_epi32(_mm512_add_epi32(sum, sum), _mm512_set1_epi32(sources));
  return _mm512_sub_epi32(sum, _mm512_set1_epi32(sources * (1 << (Bits - 1))));
}

/// P pixels from `pixel` on, N blocks from `block` on. One pixel alone has two sums a channel, of even and of
/// odd words: a product has to wait for the one before it into the same sum.
template <int Bits, int P, int N>
void few(const DenseJob& job, const CodeBounds& bounds, std::int64_t block) {
  constexpr int words = step_words<Bits>, copies = P == 1 ? 2 : 1;
  Scattered<P> at;
  const std::uint8_t* src[P];
  std::int32_t sources[P];
  TERN_UNROLL for (int p = 0; p < P; ++p) {
    at.y[p] = (job.first_pixel + p) / job.out_w;
    at.x[p] = (job.first_pixel + p) % job.out_w;
    src[p] = job.src + at.y[p] * job.step_y + at.x[p] * job.step_x + job.runs->src;
    sources[p] = Bits == 8 ? 0 : sum_of(src[p], job.words);
  }
  __m512i acc[P * copies][N];
  TERN_UNROLL for (int p = 0; p < P * copies; ++p) TERN_UNROLL for (int n = 0; n < N; ++n) acc[p][n] =
      _mm512_setzero_si512();
  const std::uint8_t* step = job.packed + block * job.packed_block;
  std::int64_t word = 0;
  for (; word + words <= job.words; word += words, step += step_bytes<Bits>) {
    TERN_UNROLL for (int j = 0; j < words; ++j) {
      __m512i x[P];
      TERN_UNROLL for (int p = 0; p < P; ++p) x[p] = source_word(src[p] + 4 * (word + j));
      TERN_UNROLL for (int n = 0; n < N; ++n) {
        const __m512i w = word_of<Bits>(step + n * job.packed_block, j);
        TERN_UNROLL for (int p = 0; p < P; ++p) acc[p + j % copies][n] =
            _mm512_dpbusd_epi32(acc[p + j % copies][n], x[p], w);
      }
    }
  }
  for (int j = 0; word + j < job.words; ++j) TERN_UNROLL for (int n = 0; n < N; ++n) {
      const __m512i w = word_of<Bits>(step + n * job.packed_block, j);
      TERN_UNROLL for (int p = 0; p < P; ++p) acc[p][n] =
          _mm512_dpbusd_epi32(acc[p][n], source_word(src[p] + 4 * (word + j)), w);
    }
  settle(acc);
  __m512i sums[P][N];
  TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int n = 0; n < N; ++n) {
    const __m512i all = copies == 2 ? _mm512_add_epi32(acc[p][n], acc[p + copies - 1][n]) : acc[p][n];
    sums[p][n] = _mm512_add_epi32(_mm512_loadu_si512(job.initial + (block + n) * dense_channels),
                                  from_codes<Bits>(all, sources[p]));
  }
  finish_tile(*job.epilogue, bounds, sums, at, job.first_channel + block * dense_channels);
}

template <int Bits, int P>
void run_blocks(const DenseJob& job) {
  const CodeBounds bounds = code_bounds(*job.epilogue);
  std::int64_t block = 0;
  for (; block + 4 <= job.blocks; block += 4) few<Bits, P, 4>(job, bounds, block);
  for (; block < job.blocks; ++block) few<Bits, P, 1>(job, bounds, block);
}

template <int Bits>
void run_bits(const DenseJob& job) {
  const std::int64_t pixels = job.last_pixel - job.first_pixel;
  if (pixels == 1) run_blocks<Bits, 1>(job);
  if (pixels == 2) run_blocks<Bits, 2>(job);
  if (pixels == 3) run_blocks<Bits, 3>(job);
  if (pixels == 4) run_blocks<Bits, 4>(job);
}

}  // namespace

void run_few(const DenseJob& job) {
  if (job.bits == 1) run_bits<1>(job);
  if (job.bits == 2) run_bits<2>(job);
  if (job.bits == 4) run_bits<4>(job);
  if (job.bits == 8) run_bits<8>(job);
}

}  // namespace tern::kernels::dense_vnni
