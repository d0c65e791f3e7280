// Low-bit linear layers with AVX2: PMADDUBSW into 16-bit sums, widened before they can overflow.
#include <cstdint>

#include <immintrin.h>

#include "kernels/bits/low_bit_kernels.hpp"

namespace tern::kernels::low_bit_avx2 {
namespace {

std::int32_t prepare(const std::uint8_t* src, std::int64_t ic, std::int64_t padded, std::int8_t* dst) {
  const __m256i flip = _mm256_set1_epi8(-128), zero = _mm256_setzero_si256();
  __m256i bytes = zero;
  std::int64_t i = 0;
  for (; i + 32 <= ic; i += 32) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(src + i));
    bytes = _mm256_add_epi64(bytes, _mm256_sad_epu8(v, zero));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(dst + i), _mm256_xor_si256(v, flip));
  }
  std::int64_t sums[4];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums), bytes);
  std::int64_t total = sums[0] + sums[1] + sums[2] + sums[3] - 128 * i;
  for (; i < ic; ++i) {
    dst[i] = static_cast<std::int8_t>(src[i] - 128);
    total += dst[i];
  }
  for (; i < padded; ++i) dst[i] = 0;
  return static_cast<std::int32_t>(total);
}

/// Groups of inputs whose 16-bit sums fit: a group adds up to (8 / bits) * 2 * (2^bits - 1) * 128.
template <int bits>
constexpr std::int64_t safe_groups = 32767 / (8 / bits * 2 * ((1 << bits) - 1) * 128);

/// One pixel and 16 channels.
template <int bits>
inline void block_of(const LowBitTile& job, const std::uint8_t* w, const std::int8_t* x, std::int32_t total,
                     const std::int32_t* start, std::int32_t* dst) {
  const __m256i mask = _mm256_set1_epi8((1 << bits) - 1), ones = _mm256_set1_epi16(1);
  __m256i wide0 = _mm256_setzero_si256(), wide1 = wide0;
  for (std::int64_t k = 0; k < job.groups;) {
    const std::int64_t end = k + safe_groups<bits> < job.groups ? k + safe_groups<bits> : job.groups;
    __m256i sum0 = _mm256_setzero_si256(), sum1 = sum0;
    for (; k < end; ++k, w += 64) {
      const __m256i w0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
      const __m256i w1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32));
#pragma GCC unroll 4
      for (int f = 0; f < 8 / bits; ++f, x += 4) {
        std::int32_t four;
        __builtin_memcpy(&four, x, 4);
        const __m256i b = _mm256_set1_epi32(four);
        const __m256i u0 = _mm256_and_si256(_mm256_srli_epi16(w0, f * bits), mask);
        const __m256i u1 = _mm256_and_si256(_mm256_srli_epi16(w1, f * bits), mask);
        sum0 = _mm256_add_epi16(sum0, _mm256_maddubs_epi16(u0, b));
        sum1 = _mm256_add_epi16(sum1, _mm256_maddubs_epi16(u1, b));
      }
    }
    wide0 = _mm256_add_epi32(wide0, _mm256_madd_epi16(sum0, ones));
    wide1 = _mm256_add_epi32(wide1, _mm256_madd_epi16(sum1, ones));
  }
  const __m256i less = _mm256_set1_epi32((1 << (bits - 1)) * total);
  const auto* const first = reinterpret_cast<const __m256i*>(start);
  auto* const out = reinterpret_cast<__m256i*>(dst);
  _mm256_storeu_si256(out, _mm256_add_epi32(_mm256_sub_epi32(wide0, less), _mm256_loadu_si256(first)));
  _mm256_storeu_si256(out + 1,
                      _mm256_add_epi32(_mm256_sub_epi32(wide1, less), _mm256_loadu_si256(first + 1)));
}

template <int bits>
void tile_of(const LowBitTile& job) {
  for (std::int64_t b = 0; b < job.blocks; ++b)
    for (std::int64_t p = 0; p < job.count; ++p)
      block_of<bits>(job, job.weights + b * job.groups * 64, job.src + p * job.groups * low_bit_group(bits),
                     job.totals[p], job.start + b * low_bit_block,
                     job.sums + p * job.acc_pixel + b * low_bit_block);
}

void tile(const LowBitTile& job) {
  if (job.bits == 2)
    tile_of<2>(job);
  else
    tile_of<4>(job);
}

}  // namespace

const LowBitKernels kernels{prepare, tile};

}  // namespace tern::kernels::low_bit_avx2
