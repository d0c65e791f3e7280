// Bit-serial convolutions with VPOPCNTDQ: 64 input bits x 8 output channels a vector, tiles of 2 pixels x 32
// channels. Sums of a tile lie in memory until those of all its pixels are there: finished one pair of pixels after
// another they would keep the next pair's counts waiting (a tenth of the time of 128 channels).
#include <cstdint>

#include <immintrin.h>

#include "kernels/bits/bit_serial_kernels.hpp"

namespace tern::kernels::bits_vnni {
namespace {

#include "kernels/bits/bit_gather_impl.inl"
#include "kernels/dense/finish_tile_vnni.inl"

/// Of d1, d2 and the third word s ^ d1 ^ d2: where at least two are set. As a table over (d1, d2, s): d1
/// where d1 == d2, else not s.
constexpr int majority_of_sum = 0b11010100;

inline __m512i broadcast(std::uint64_t v) {
  return _mm512_set1_epi64(static_cast<long long>(v));
}

/// Holds a value in a register: loads that are repeated as operands cost more than the arithmetic.
inline __attribute__((always_inline)) __m512i keep(__m512i v) {
  asm("" : "+v"(v));
  return v;
}
inline __attribute__((always_inline)) __m512i load(const std::uint64_t* p) {
  return keep(_mm512_loadu_si512(p));
}

template <bool negative>
inline __attribute__((always_inline)) __m512i add_count(__m512i sum, __m512i bits) {
  const __m512i count = _mm512_popcnt_epi64(bits);
  return negative ? _mm512_sub_epi64(sum, count) : _mm512_add_epi64(sum, count);
}

/// ones + 2 * twos += or -= popcount(w ^ x) over one chain, for P pixels x G vectors of 8 channels. L: the number of
/// links, 0: any.
template <int P, int G, bool negative, int L>
inline __attribute__((always_inline)) void add_chain(const BitTile& job, const std::uint64_t* x,
                                                     const std::uint64_t* w, __m512i (&ones)[P][G],
                                                     __m512i (&twos)[P][G]) {
  const std::int64_t links = L != 0 ? L : job.shape.links, link = job.link, pixel = job.pixel;
  const auto three_links = [&]() __attribute__((always_inline)) {
    __m512i a[P], b[P], c[P];
    TERN_UNROLL for (int p = 0; p < P; ++p) {
      a[p] = broadcast(x[p * pixel]);
      b[p] = broadcast(x[link + p * pixel]);
      c[p] = broadcast(x[2 * link + p * pixel]);
    }
    TERN_UNROLL for (int g = 0; g < G; ++g) {
      const __m512i w0 = load(w + 8 * g), w1 = load(w + bit_block + 8 * g), w2 = load(w + 2 * bit_block + 8 * g);
      TERN_UNROLL for (int p = 0; p < P; ++p) {
        const __m512i s = _mm512_xor_si512(a[p], w0);
        const __m512i d1 = _mm512_xor_si512(b[p], w1), d2 = _mm512_xor_si512(c[p], w2);
        ones[p][g] = add_count<negative>(ones[p][g], s);
        twos[p][g] = add_count<negative>(twos[p][g], _mm512_ternarylogic_epi64(d1, d2, s, majority_of_sum));
      }
    }
    x += 3 * link, w += 3 * bit_block;
  };
  std::int64_t k = 0;
  // Unrolled, compilers put off adding counts and run out of registers.
#pragma GCC unroll 1
  for (; k + 3 <= links; k += 3) three_links();
  for (; k < links; ++k, x += link, w += bit_block)
    TERN_UNROLL for (int g = 0; g < G; ++g) {
      const __m512i word = load(w + 8 * g);
      TERN_UNROLL for (int p = 0; p < P; ++p) ones[p][g] =
          add_count<negative>(ones[p][g], _mm512_xor_si512(broadcast(x[p * pixel]), word));
    }
}

template <int P, int G, bool negative>
inline __attribute__((always_inline)) void add_term(const BitTile& job, std::int64_t first, const BitTerm& term,
                                                    __m512i (&ones)[P][G], __m512i (&twos)[P][G]) {
  const std::int64_t chains = job.shape.chains, words = bit_block * job.shape.links;
  const std::uint64_t* x = job.patches + first * job.pixel + term.source_plane * job.plane;
  const std::uint64_t* w = job.weights + term.weight_plane * chains * words;
  if (job.shape.links == 9)
    for (std::int64_t c = 0; c < chains; ++c, ++x, w += words) add_chain<P, G, negative, 9>(job, x, w, ones, twos);
  else
    for (std::int64_t c = 0; c < chains; ++c, ++x, w += words) add_chain<P, G, negative, 0>(job, x, w, ones, twos);
}

/// Even channels of a pair of vectors lie in the first, odd ones in the second.
inline __attribute__((always_inline)) __m512i merge(__m512i even, __m512i odd) {
  return _mm512_mask_blend_epi32(0xAAAA, even, _mm512_slli_epi64(odd, 32));
}

template <int P, int G, bool one_term>
inline void tile_of(const BitTile& job, std::int64_t pixel) {
  __m512i ones[P][G], twos[P][G];
  TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int g = 0; g < G; ++g) ones[p][g] = twos[p][g] =
      _mm512_setzero_si512();
  if (one_term) add_term<P, G, false>(job, pixel, *job.terms, ones, twos);
  for (const BitTerm* term = job.terms; !one_term && term < job.terms + job.num_terms; ++term) {
    if (term->shift != 0) TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int g = 0; g < G; ++g) {
        ones[p][g] = _mm512_slli_epi64(ones[p][g], 1);
        twos[p][g] = _mm512_slli_epi64(twos[p][g], 1);
      }
    if (term->negative)
      add_term<P, G, true>(job, pixel, *term, ones, twos);
    else
      add_term<P, G, false>(job, pixel, *term, ones, twos);
  }
  const __m128i beta = _mm_cvtsi32_si128(job.beta);
  TERN_UNROLL for (int p = 0; p < P; ++p) {
    const std::int32_t* const starts = job.start + (job.start_rows != nullptr ? job.start_rows[pixel + p] : 0);
    TERN_UNROLL for (int n = 0; n < G / 2; ++n) {
      const __m512i doubled = _mm512_slli_epi32(merge(twos[p][2 * n], twos[p][2 * n + 1]), 1);
      __m512i counts = _mm512_add_epi32(merge(ones[p][2 * n], ones[p][2 * n + 1]), doubled);
      if (job.step != 1) counts = _mm512_mullo_epi32(counts, _mm512_set1_epi32(job.step));
      __m512i start = _mm512_loadu_si512(starts + 16 * n);
      if (!one_term && job.totals != nullptr)
        start = _mm512_add_epi32(start, _mm512_set1_epi32(job.alpha * job.totals[pixel + p]));
      __m512i sums = _mm512_sub_epi32(start, counts);
      if (!one_term) sums = _mm512_sra_epi32(sums, beta);
      _mm512_storeu_si512(job.sums + (pixel + p) * bit_block + 16 * n, sums);
    }
  }
}

template <int P, int N>
inline void finish_pixels(const BitTile& job, const CodeBounds& bounds, std::int64_t pixel,
                          const Scattered<P>& places) {
  __m512i sums[P][N];
  TERN_UNROLL for (int p = 0; p < P; ++p) TERN_UNROLL for (int n = 0; n < N; ++n) sums[p][n] =
      _mm512_loadu_si512(job.sums + (pixel + p) * bit_block + 16 * n);
  finish_tile<P, N>(*job.epilogue, bounds, sums, places, job.channel);
}

template <int N>
void finish_all(const BitTile& job) {
  constexpr int most = 4;
  const CodeBounds bounds = code_bounds(*job.epilogue);
  std::int64_t y = job.y, x = job.x;
  const auto step = [&] {
    if (++x == job.out_w) x = 0, ++y;
  };
  std::int64_t p = 0;
  for (; p + most <= job.count; p += most) {
    Scattered<most> places;
    TERN_UNROLL for (int i = 0; i < most; ++i) {
      places.y[i] = y, places.x[i] = x;
      step();
    }
    finish_pixels<most, N>(job, bounds, p, places);
  }
  for (; p < job.count; ++p, step()) finish_pixels<1, N>(job, bounds, p, {{y}, {x}});
}

template <int G, bool one_term>
void tiles(const BitTile& job) {
  std::int64_t p = 0;
  for (; p + 2 <= job.count; p += 2) tile_of<2, G, one_term>(job, p);
  if (p < job.count) tile_of<1, G, one_term>(job, p);
  finish_all<G / 2>(job);
}

void tile(const BitTile& job) {
  const bool one_term = job.num_terms == 1;
  if (job.width > 16)
    one_term ? tiles<4, true>(job) : tiles<4, false>(job);
  else
    one_term ? tiles<2, true>(job) : tiles<2, false>(job);
}

void pack(const BitPack& job) {
  const std::int64_t words = (job.channels + 63) / 64;
  for (std::int64_t p = 0; p < job.places; ++p)
    for (std::int64_t k = 0; k < words; ++k) {
      const std::int64_t left = job.channels - 64 * k;
      const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
      const __m512i codes = _mm512_maskz_loadu_epi8(mask, job.codes + p * job.codes_pixel + 64 * k);
      for (std::int32_t plane = 0; plane < job.planes; ++plane)
        job.dst[p * job.dst_pixel + plane * words + k] =
            _mm512_test_epi8_mask(codes, _mm512_set1_epi8(static_cast<char>(1 << plane)));
    }
}

}  // namespace

const BitKernels kernels{gather, tile, pack};

}  // namespace tern::kernels::bits_vnni
