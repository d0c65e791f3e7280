// Bit-serial convolutions with AVX2: 64 input bits x 4 output channels a vector, population counts of nibbles
// by PSHUFB.
#include <cstdint>

#include <immintrin.h>

#include "kernels/bits/bit_serial_kernels.hpp"

namespace tern::kernels::bits_avx2 {
namespace {

inline void copy_words(std::uint64_t* dst, const std::uint64_t* src, std::int64_t count) {
  for (; count >= 4; count -= 4, dst += 4, src += 4)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(src)));
  for (std::int64_t i = 0; i < count; ++i) dst[i] = src[i];
}

void combine(std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b, const std::uint64_t* c,
             std::int64_t count) {
  for (std::int64_t k = 0; k < count; ++k) dst[k] = a[k] ^ b[k] ^ c[k];
}

#include "kernels/bits/bit_gather_impl.inl"

inline __m256i load(const std::uint64_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline __m256i load(const std::int32_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline __m256i broadcast(std::uint64_t v) {
  return _mm256_set1_epi64x(static_cast<long long>(v));
}

/// Counts of bytes: table[low nibble] + table[high nibble].
inline __m256i count_bytes(__m256i v, __m256i table) {
  const __m256i low = _mm256_set1_epi8(15);
  return _mm256_add_epi8(_mm256_shuffle_epi8(table, _mm256_and_si256(v, low)),
                         _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

constexpr int vectors = 4;      // of four channels: 16 channels at a time
constexpr int byte_steps = 10;  // three words count up to 24 a byte, ten of them 240

/// popcount(w ^ x) of 16 channels over one plane, at words `at` from those of pixel 0.
inline __attribute__((always_inline)) void count_plane(const BitTile& job, std::int64_t at,
                                                       const std::uint64_t* w, __m256i (&counts)[vectors]) {
  const __m256i ones = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i twos = _mm256_add_epi8(ones, ones);
  const __m256i zero = _mm256_setzero_si256();
  const std::int64_t third = job.words / 3;
  for (std::int64_t t = 0; t < third;) {
    const std::int64_t end = t + byte_steps < third ? t + byte_steps : third;
    __m256i bytes[vectors] = {zero, zero, zero, zero};
    for (; t < end; ++t, w += 3 * bit_block) {
      const __m256i x0 = broadcast(job.thirds[0][at + t]), x1 = broadcast(job.thirds[1][at + t]);
      const __m256i x2 = broadcast(job.thirds[2][at + t]);
#pragma GCC unroll 4
      for (int v = 0; v < vectors; ++v) {
        const __m256i s = _mm256_xor_si256(x0, load(w + 4 * v));
        const __m256i d1 = _mm256_xor_si256(x1, load(w + bit_block + 4 * v));
        const __m256i d2 = _mm256_xor_si256(x2, load(w + 2 * bit_block + 4 * v));
        const __m256i two =
            _mm256_or_si256(_mm256_and_si256(d1, d2), _mm256_andnot_si256(s, _mm256_xor_si256(d1, d2)));
        bytes[v] = _mm256_add_epi8(bytes[v], _mm256_add_epi8(count_bytes(s, ones), count_bytes(two, twos)));
      }
    }
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v)
      counts[v] = _mm256_add_epi64(counts[v], _mm256_sad_epu8(bytes[v], zero));
  }
  for (std::int64_t k = 0; k < job.words % 3; ++k, w += bit_block) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const __m256i bytes = count_bytes(_mm256_xor_si256(broadcast(job.rest[at + k]), load(w + 4 * v)), ones);
      counts[v] = _mm256_add_epi64(counts[v], _mm256_sad_epu8(bytes, zero));
    }
  }
}

/// Sums of 16 channels of one pixel from their counts; even channels are in total[0] and total[1].
inline void store(const BitTile& job, std::int64_t pixel, std::int64_t first,
                  const __m256i (&total)[vectors]) {
  const __m256i x = _mm256_set1_epi32(job.totals != nullptr ? job.alpha * job.totals[pixel] : 0);
  const __m128i beta = _mm_cvtsi32_si128(job.beta);
  for (int half = 0; half < 2; ++half) {
    const std::int64_t o = first + 8 * half;
    const __m256i counts = _mm256_blend_epi32(total[half], _mm256_slli_epi64(total[2 + half], 32), 0xAA);
    const __m256i less = _mm256_mullo_epi32(counts, _mm256_set1_epi32(job.step));
    const __m256i v = _mm256_sub_epi32(_mm256_add_epi32(x, load(job.start + o)), less);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(job.sums + pixel * bit_block + o),
                        _mm256_sra_epi32(v, beta));
  }
}

void tile(const BitTile& job) {
  const __m256i zero = _mm256_setzero_si256();
  for (std::int64_t first = 0; first < job.width; first += 16)
    for (std::int64_t p = 0; p < job.count; ++p) {
      __m256i total[vectors] = {zero, zero, zero, zero};
      for (std::int64_t k = 0; k < job.num_terms; ++k) {
        const BitTerm& term = job.terms[k];
        __m256i counts[vectors] = {zero, zero, zero, zero};
        count_plane(job, p * job.pixel + term.source_plane * job.plane,
                    job.weights + term.weight_plane * job.words * bit_block + first, counts);
        const __m128i shift = _mm_cvtsi32_si128(term.shift);
        for (int v = 0; v < vectors; ++v) {
          const __m256i before = _mm256_sll_epi64(total[v], shift);
          total[v] =
              term.negative ? _mm256_sub_epi64(before, counts[v]) : _mm256_add_epi64(before, counts[v]);
        }
      }
      store(job, p, first, total);
    }
}

}  // namespace

const BitKernels kernels{gather, combine, tile, correct};

}  // namespace tern::kernels::bits_avx2
