// Bit-serial convolutions with AVX2: 64 input bits x 4 output channels a vector, population counts of nibbles
// by PSHUFB.
#include <cstdint>

#include <immintrin.h>

#include "kernels/bits/bit_serial_kernels.hpp"
#include "kernels/epilogue_impl.hpp"

namespace tern::kernels::bits_avx2 {
namespace {

#include "kernels/bits/bit_gather_impl.inl"
#include "kernels/bits/bit_tile_impl.inl"

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

/// counts += popcount(w ^ x) of 16 channels over one chain.
inline __attribute__((always_inline)) void count_chain(const BitTile& job, const std::uint64_t* x,
                                                       const std::uint64_t* w, __m256i (&counts)[vectors]) {
  const __m256i ones = _mm256_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4,  //
                                        0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
  const __m256i twos = _mm256_add_epi8(ones, ones);
  const __m256i zero = _mm256_setzero_si256();
  const std::int64_t thirds = job.shape.links / 3;
  for (std::int64_t t = 0; t < thirds;) {
    const std::int64_t end = t + byte_steps < thirds ? t + byte_steps : thirds;
    __m256i bytes[vectors] = {zero, zero, zero, zero};
    for (; t < end; ++t, x += 3 * job.link, w += 3 * bit_block) {
      const __m256i x0 = broadcast(x[0]), x1 = broadcast(x[job.link]), x2 = broadcast(x[2 * job.link]);
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
  for (std::int64_t k = 3 * thirds; k < job.shape.links; ++k, x += job.link, w += bit_block) {
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const __m256i bytes = count_bytes(_mm256_xor_si256(broadcast(x[0]), load(w + 4 * v)), ones);
      counts[v] = _mm256_add_epi64(counts[v], _mm256_sad_epu8(bytes, zero));
    }
  }
}

/// Sums of 16 channels of one pixel from their counts; even channels are in total[0] and total[1].
inline void store(const BitTile& job, std::int64_t pixel, std::int64_t first, const __m256i (&total)[vectors],
                  std::int32_t* sums) {
  const __m256i x = _mm256_set1_epi32(job.totals != nullptr ? job.alpha * job.totals[pixel] : 0);
  const __m128i beta = _mm_cvtsi32_si128(job.beta);
  const std::int32_t* const start = job.start + (job.start_rows != nullptr ? job.start_rows[pixel] : 0);
  for (int half = 0; half < 2; ++half) {
    const std::int64_t o = first + 8 * half;
    const __m256i counts = _mm256_blend_epi32(total[half], _mm256_slli_epi64(total[2 + half], 32), 0xAA);
    const __m256i less = _mm256_mullo_epi32(counts, _mm256_set1_epi32(job.step));
    const __m256i v = _mm256_sub_epi32(_mm256_add_epi32(x, load(start + o)), less);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + o), _mm256_sra_epi32(v, beta));
  }
}

void sums_of(const BitTile& job, std::int64_t pixel, std::int32_t* sums) {
  const __m256i zero = _mm256_setzero_si256();
  const std::int64_t links = job.shape.links, words = job.shape.chains * links;
  for (std::int64_t first = 0; first < job.width; first += 16) {
    __m256i total[vectors] = {zero, zero, zero, zero};
    for (std::int64_t k = 0; k < job.num_terms; ++k) {
      const BitTerm& term = job.terms[k];
      __m256i counts[vectors] = {zero, zero, zero, zero};
      for (std::int64_t c = 0; c < job.shape.chains; ++c)
        count_chain(job, job.patches + pixel * job.pixel + term.source_plane * job.plane + c,
                    job.weights + (term.weight_plane * words + c * links) * bit_block + first, counts);
      const __m128i shift = _mm_cvtsi32_si128(term.shift);
      for (int v = 0; v < vectors; ++v) {
        const __m256i before = _mm256_sll_epi64(total[v], shift);
        total[v] = term.negative ? _mm256_sub_epi64(before, counts[v]) : _mm256_add_epi64(before, counts[v]);
      }
    }
    store(job, pixel, first, total, sums);
  }
}

void tile(const BitTile& job) {
  for (std::int64_t p = 0; p < job.count; ++p) sums_of(job, p, job.sums + p * bit_block);
  finish_sums(job, epilogue_avx2::finish);
}

/// Bits `plane` of 32 codes.
inline std::uint64_t bits_of(const std::uint8_t* codes, std::int32_t plane) {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(codes));
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_slli_epi16(v, 7 - plane)));
}

void pack(const BitPack& job) {
  const std::int64_t words = (job.channels + 63) / 64;
  for (std::int64_t p = 0; p < job.places; ++p)
    for (std::int32_t plane = 0; plane < job.planes; ++plane)
      for (std::int64_t k = 0; k < words; ++k) {
        const std::uint8_t* const codes = job.codes + p * job.codes_pixel + 64 * k;
        const std::int64_t left = job.channels - 64 * k < 64 ? job.channels - 64 * k : 64;
        std::uint64_t word = 0;
        std::int64_t c = 0;
        for (; c + 32 <= left; c += 32) word |= bits_of(codes + c, plane) << c;
        for (; c < left; ++c) word |= std::uint64_t{codes[c] >> plane & 1U} << c;
        job.dst[p * job.dst_pixel + plane * words + k] = word;
      }
}

}  // namespace

const BitKernels kernels{gather, tile, pack};

}  // namespace tern::kernels::bits_avx2
