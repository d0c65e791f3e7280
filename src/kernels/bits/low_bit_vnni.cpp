// Low-bit linear layers with VPDPBUSD: 16 channels a vector, activations broadcast four bytes at a time.
#include <cstdint>

#include <immintrin.h>

#include "kernels/bits/low_bit_kernels.hpp"

namespace tern::kernels::low_bit_vnni {
namespace {

std::int32_t prepare(const std::uint8_t* src, std::int64_t ic, std::int64_t padded, std::int8_t* dst) {
  const __m512i flip = _mm512_set1_epi8(-128);
  __m512i sum = _mm512_setzero_si512();
  for (std::int64_t i = 0; i < padded; i += 64) {
    const std::int64_t valid = ic - i, stored = padded - i;
    const __mmask64 from = valid >= 64 ? ~__mmask64{0} : valid <= 0 ? 0 : (__mmask64{1} << valid) - 1;
    const __mmask64 to = stored >= 64 ? ~__mmask64{0} : (__mmask64{1} << stored) - 1;
    const __m512i v = _mm512_maskz_loadu_epi8(from, src + i);
    const __m512i x = _mm512_maskz_sub_epi8(from, v, flip);
    sum = _mm512_dpbusd_epi32(sum, _mm512_set1_epi8(1), x);
    _mm512_mask_storeu_epi8(dst + i, to, x);
  }
  return _mm512_reduce_add_epi32(sum);
}

/// sum += u * x. In assembly, because g++ 12 copies and stores the sums of the intrinsic in every round of a
/// loop.
inline __attribute__((always_inline)) void multiply_add(__m512i& sum, __m512i u, __m512i x) {
  asm volatile("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(u), "v"(x));
}

inline __m512i broadcast(const std::int8_t* x) {
  std::int32_t four;
  __builtin_memcpy(&four, x, 4);
  return _mm512_set1_epi32(four);
}

/// Bytes ahead that one row's weights are fetched: they come from the third-level cache or from memory.
constexpr std::int64_t ahead = 1024;

/// One pixel: a field is masked where it is, so that its sums are multiples of 2^(f * bits).
template <int bits, int NB>
inline __attribute__((always_inline)) void row_of(const LowBitTile& job, std::int64_t block) {
  constexpr int fields = 8 / bits;
  const std::uint8_t* w = job.weights + block * job.groups * 64;
  const std::int8_t* x = job.src;
  const std::int64_t stride = job.groups * 64;
  __m512i sums[fields * NB], mask[fields];
#pragma GCC unroll 4
  for (int f = 0; f < fields; ++f)
    mask[f] = _mm512_set1_epi8(static_cast<char>(((1 << bits) - 1) << (f * bits)));
#pragma GCC unroll 16
  for (int i = 0; i < fields * NB; ++i) sums[i] = _mm512_setzero_si512();
  std::int64_t left = job.groups;  // at least one
  do {
    __m512i packed[NB];
#pragma GCC unroll 4
    for (int n = 0; n < NB; ++n) {
      packed[n] = _mm512_loadu_si512(w + n * stride);
      _mm_prefetch(reinterpret_cast<const char*>(w + n * stride + ahead), _MM_HINT_T0);
    }
#pragma GCC unroll 4
    for (int f = 0; f < fields; ++f) {
      const __m512i b = broadcast(x + 4 * f);
#pragma GCC unroll 4
      for (int n = 0; n < NB; ++n) multiply_add(sums[f * NB + n], _mm512_and_si512(packed[n], mask[f]), b);
    }
    w += 64, x += 4 * fields;
  } while (--left != 0);
  const __m512i less = _mm512_set1_epi32((1 << (bits - 1)) * job.totals[0]);
#pragma GCC unroll 4
  for (int n = 0; n < NB; ++n) {
    const std::int64_t o = (block + n) * low_bit_block;
    __m512i sum = _mm512_sub_epi32(_mm512_loadu_si512(job.start + o), less);
#pragma GCC unroll 4
    for (int f = 0; f < fields; ++f)
      sum = _mm512_add_epi32(sum, _mm512_srai_epi32(sums[f * NB + n], static_cast<unsigned>(f * bits)));
    _mm512_storeu_si512(job.sums + o, sum);
  }
}

/// PX pixels share each unpacked vector of weights.
template <int bits, int PX, int NB>
inline __attribute__((always_inline)) void rows_of(const LowBitTile& job, std::int64_t first,
                                                   std::int64_t block) {
  constexpr int fields = 8 / bits;
  const std::int64_t row = job.groups * low_bit_group(bits), stride = job.groups * 64;
  const std::uint8_t* w = job.weights + block * stride;
  const std::int8_t* x = job.src + first * row;
  const __m512i mask = _mm512_set1_epi8((1 << bits) - 1);
  __m512i sums[PX * NB];
#pragma GCC unroll 24
  for (int i = 0; i < PX * NB; ++i) sums[i] = _mm512_setzero_si512();
  std::int64_t left = job.groups;
  do {
#pragma GCC unroll 4
    for (int f = 0; f < fields; ++f) {
      __m512i u[NB];
#pragma GCC unroll 4
      for (int n = 0; n < NB; ++n) {
        const __m512i packed = _mm512_loadu_si512(w + n * stride);
        u[n] = _mm512_and_si512(_mm512_srli_epi32(packed, static_cast<unsigned>(f * bits)), mask);
      }
#pragma GCC unroll 8
      for (int p = 0; p < PX; ++p) {
        const __m512i b = broadcast(x + p * row + 4 * f);
#pragma GCC unroll 4
        for (int n = 0; n < NB; ++n) multiply_add(sums[p * NB + n], u[n], b);
      }
    }
    w += 64, x += 4 * fields;
  } while (--left != 0);
#pragma GCC unroll 8
  for (int p = 0; p < PX; ++p) {
    const __m512i less = _mm512_set1_epi32((1 << (bits - 1)) * job.totals[first + p]);
#pragma GCC unroll 4
    for (int n = 0; n < NB; ++n) {
      const std::int64_t o = (block + n) * low_bit_block;
      _mm512_storeu_si512(
          job.sums + (first + p) * job.acc_pixel + o,
          _mm512_sub_epi32(_mm512_add_epi32(sums[p * NB + n], _mm512_loadu_si512(job.start + o)), less));
    }
  }
}

template <int bits, int PX>
void strip_of(const LowBitTile& job, std::int64_t first) {
  std::int64_t b = 0;
  for (; b + 3 <= job.blocks; b += 3) rows_of<bits, PX, 3>(job, first, b);
  for (; b < job.blocks; ++b) rows_of<bits, PX, 1>(job, first, b);
}

template <int bits>
void tile_of(const LowBitTile& job) {
  if (job.count == 1) {
    std::int64_t b = 0;
    for (; b + 4 <= job.blocks; b += 4) row_of<bits, 4>(job, b);
    for (; b < job.blocks; ++b) row_of<bits, 1>(job, b);
    return;
  }
  std::int64_t p = 0;
  for (; p + 8 <= job.count; p += 8) strip_of<bits, 8>(job, p);
  for (; p + 4 <= job.count; p += 4) strip_of<bits, 4>(job, p);
  for (; p + 2 <= job.count; p += 2) strip_of<bits, 2>(job, p);
  if (p < job.count) strip_of<bits, 1>(job, p);
}

void tile(const LowBitTile& job) {
  if (job.bits == 2)
    tile_of<2>(job);
  else
    tile_of<4>(job);
}

}  // namespace

const LowBitKernels kernels{prepare, tile};

}  // namespace tern::kernels::low_bit_vnni
