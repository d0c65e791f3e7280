// Bit-serial convolutions with VPOPCNTDQ: 64 input bits x 8 output channels a vector, tiles of 2 pixels x 32
// channels.
#include <cstdint>

#include <immintrin.h>

#include "kernels/bits/bit_serial_kernels.hpp"

namespace tern::kernels::bits_vnni {
namespace {

inline void copy_words(std::uint64_t* dst, const std::uint64_t* src, std::int64_t count) {
  for (; count >= 8; count -= 8, dst += 8, src += 8) _mm512_storeu_si512(dst, _mm512_loadu_si512(src));
  const __mmask8 mask = static_cast<__mmask8>((1U << count) - 1);
  _mm512_mask_storeu_epi64(dst, mask, _mm512_maskz_loadu_epi64(mask, src));
}

inline void combine(std::uint64_t* dst, const std::uint64_t* a, const std::uint64_t* b,
                    const std::uint64_t* c, std::int64_t count) {
  for (std::int64_t k = 0; k < count; k += 8) {
    const __mmask8 mask = count - k >= 8 ? 0xFF : static_cast<__mmask8>((1U << (count - k)) - 1);
    const __m512i ab =
        _mm512_xor_si512(_mm512_maskz_loadu_epi64(mask, a + k), _mm512_maskz_loadu_epi64(mask, b + k));
    _mm512_mask_storeu_epi64(dst + k, mask, _mm512_xor_si512(ab, _mm512_maskz_loadu_epi64(mask, c + k)));
  }
}

#include "kernels/bits/bit_gather_impl.inl"

/// Of d1, d2 and the third word s ^ d1 ^ d2: where at least two are set. As a table over (d1, d2, s): d1
/// where d1 == d2, else not s.
constexpr int majority_of_sum = 0b11010100;

inline __m512i broadcast(std::uint64_t v) {
  return _mm512_set1_epi64(static_cast<long long>(v));
}
inline __m512i load(const std::uint64_t* p) {
  return _mm512_loadu_si512(p);
}

/// Holds a value in a register: loads that are repeated as operands cost more than the arithmetic.
inline __attribute__((always_inline)) __m512i keep(__m512i v) {
  asm("" : "+v"(v));
  return v;
}

template <bool negative>
inline __attribute__((always_inline)) __m512i add_count(__m512i sum, __m512i bits) {
  const __m512i count = _mm512_popcnt_epi64(bits);
  return negative ? _mm512_sub_epi64(sum, count) : _mm512_add_epi64(sum, count);
}

/// ones + 2 * twos += or -= popcount(w ^ x), for PX pixels from `first` on x NG vectors of 8 channels.
template <int PX, int NG, bool negative>
inline __attribute__((always_inline)) void add_term(const BitTile& job, std::int64_t first,
                                                    const BitTerm& term, __m512i (&ones)[PX * NG],
                                                    __m512i (&twos)[PX * NG]) {
  const std::int64_t third = job.words / 3, pixel = job.pixel,
                     at = first * pixel + term.source_plane * job.plane;
  const std::uint64_t *x0 = job.thirds[0] + at, *x1 = job.thirds[1] + at, *x2 = job.thirds[2] + at;
  const std::uint64_t* w = job.weights + term.weight_plane * job.words * bit_block;
  for (std::int64_t t = 0; t < third; ++t, w += 3 * bit_block) {
    __m512i a[PX], b[PX], c[PX];
#pragma GCC unroll 2
    for (int p = 0; p < PX; ++p) {
      a[p] = broadcast(x0[t + p * pixel]);
      b[p] = broadcast(x1[t + p * pixel]);
      c[p] = broadcast(x2[t + p * pixel]);
    }
#pragma GCC unroll 4
    for (int g = 0; g < NG; ++g) {
      const __m512i w0 = keep(load(w + 8 * g)), w1 = keep(load(w + bit_block + 8 * g));
      const __m512i w2 = keep(load(w + 2 * bit_block + 8 * g));
#pragma GCC unroll 2
      for (int p = 0; p < PX; ++p) {
        const __m512i s = _mm512_xor_si512(a[p], w0);
        const __m512i d1 = _mm512_xor_si512(b[p], w1), d2 = _mm512_xor_si512(c[p], w2);
        const __m512i m = _mm512_ternarylogic_epi64(d1, d2, s, majority_of_sum);
        ones[p * NG + g] = add_count<negative>(ones[p * NG + g], s);
        twos[p * NG + g] = add_count<negative>(twos[p * NG + g], m);
      }
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < PX * NG; ++i) ones[i] = keep(ones[i]), twos[i] = keep(twos[i]);
  const std::uint64_t* x = job.rest + at;
  for (std::int64_t k = 0; k < job.words % 3; ++k, ++x, w += bit_block) {
#pragma GCC unroll 4
    for (int g = 0; g < NG; ++g) {
#pragma GCC unroll 2
      for (int p = 0; p < PX; ++p)
        ones[p * NG + g] =
            add_count<negative>(ones[p * NG + g], _mm512_xor_si512(broadcast(x[p * pixel]), load(w + 8 * g)));
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < PX * NG; ++i) ones[i] = keep(ones[i]);
}

template <int PX, int NG, bool one_term>
inline void tile_of(const BitTile& job, std::int64_t pixel) {
  __m512i ones[PX * NG], twos[PX * NG];
#pragma GCC unroll 8
  for (int i = 0; i < PX * NG; ++i) ones[i] = twos[i] = _mm512_setzero_si512();
  if (one_term) add_term<PX, NG, false>(job, pixel, *job.terms, ones, twos);
  for (const BitTerm* term = job.terms; !one_term && term < job.terms + job.num_terms; ++term) {
    if (term->shift != 0) {
#pragma GCC unroll 8
      for (int i = 0; i < PX * NG; ++i)
        ones[i] = _mm512_slli_epi64(ones[i], 1), twos[i] = _mm512_slli_epi64(twos[i], 1);
    }
    if (term->negative)
      add_term<PX, NG, true>(job, pixel, *term, ones, twos);
    else
      add_term<PX, NG, false>(job, pixel, *term, ones, twos);
  }
  const __m128i beta = _mm_cvtsi32_si128(job.beta);
#pragma GCC unroll 2
  for (int p = 0; p < PX; ++p)
#pragma GCC unroll 2
    for (int g = 0; g < NG; g += 2) {
      const int i = p * NG + g;
      const __m512i even = _mm512_add_epi64(ones[i], _mm512_slli_epi64(twos[i], 1));
      const __m512i odd = _mm512_add_epi64(ones[i + 1], _mm512_slli_epi64(twos[i + 1], 1));
      __m512i sums = _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
      if (job.step != 1) sums = _mm512_mullo_epi32(sums, _mm512_set1_epi32(job.step));
      __m512i start = _mm512_loadu_si512(job.start + 8 * g);
      if (job.totals != nullptr)
        start = _mm512_add_epi32(start, _mm512_set1_epi32(job.alpha * job.totals[pixel + p]));
      _mm512_storeu_si512(job.sums + (pixel + p) * bit_block + 8 * g,
                          _mm512_sra_epi32(_mm512_sub_epi32(start, sums), beta));
    }
}

template <int NG, bool one_term>
void tiles(const BitTile& job) {
  std::int64_t p = 0;
  for (; p + 2 <= job.count; p += 2) tile_of<2, NG, one_term>(job, p);
  if (p < job.count) tile_of<1, NG, one_term>(job, p);
}

void tile(const BitTile& job) {
  const bool one_term = job.num_terms == 1;
  if (job.width > 16)
    one_term ? tiles<4, true>(job) : tiles<4, false>(job);
  else
    one_term ? tiles<2, true>(job) : tiles<2, false>(job);
}

}  // namespace

const BitKernels kernels{gather, combine, tile, correct};

}  // namespace tern::kernels::bits_vnni
