#include <immintrin.h>

#include "kernels/input_frame.hpp"

namespace tern::kernels::input_avx512 {
namespace {

/// Sixteen values to codes, zero where `mask` is not set.
inline __m512i codes_of(const float* src, __mmask16 mask, __m512 inverse, __m512 low, __m512 high, __m512i offset) {
  const __m512 scaled = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, src), inverse);
  const __m512 clamped = _mm512_min_ps(_mm512_max_ps(scaled, low), high);
  return _mm512_add_epi32(_mm512_cvtps_epi32(clamped), offset);
}

}  // namespace

void quantize_frame(const InputFrame& frame, const Epilogue& grid, const Plane<std::uint8_t>& dst) {
  const __m512 inverse = _mm512_set1_ps(grid.inverse_scale), low = _mm512_set1_ps(grid.low), high = _mm512_set1_ps(grid.high);
  const __m512i offset = _mm512_set1_epi32(grid.offset);
  const std::int64_t plane = frame.h * frame.w;
  const __m512i places = _mm512_mullo_epi32(_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
                                            _mm512_set1_epi32(static_cast<int>(dst.pixel)));
  for (std::int64_t y = 0; y < frame.h; ++y)
    for (std::int64_t x = 0; x < frame.w; x += 16) {
      const std::int64_t left = frame.w - x;
      const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
      for (std::int64_t c = 0; c < frame.c; c += 4) {  // four channels are a word
        const float* const src = frame.src + c * plane + y * frame.w + x;
        __m512i words = codes_of(src, mask, inverse, low, high, offset);
        for (std::int64_t i = 1; i < 4 && c + i < frame.c; ++i)
          words = _mm512_or_si512(words, _mm512_sllv_epi32(codes_of(src + i * plane, mask, inverse, low, high, offset),
                                                           _mm512_set1_epi32(static_cast<int>(8 * i))));
        std::uint8_t* const out = dst.at(y, x) + c;
        if (dst.pixel == 4) _mm512_mask_storeu_epi32(out, mask, words);
        else _mm512_mask_i32scatter_epi32(out, mask, places, words, 1);
      }
    }
}

bool pack_frame(const InputFrame& frame, const Plane<std::uint64_t>& dst) {
  const __m512 one = _mm512_set1_ps(1.0F), zero = _mm512_setzero_ps();
  const std::int64_t plane = frame.h * frame.w;
  const __m512i places = _mm512_mullo_epi64(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi64(dst.pixel));
  unsigned other = 0;
  for (std::int64_t y = 0; y < frame.h; ++y)
    for (std::int64_t x = 0; x < frame.w; x += 16) {
      const std::int64_t left = frame.w - x;
      const auto mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
      for (std::int64_t word = 0; word * 64 < frame.c; ++word) {
        const std::int64_t last = frame.c < word * 64 + 64 ? frame.c : word * 64 + 64;
        __m512i low = _mm512_setzero_si512(), high = _mm512_setzero_si512();
        for (std::int64_t c = word * 64; c < last; ++c) {
          const __m512 values = _mm512_maskz_loadu_ps(mask, frame.src + c * plane + y * frame.w + x);
          const __mmask16 ones = _mm512_cmp_ps_mask(values, one, _CMP_EQ_OQ);
          other |= static_cast<unsigned>(mask) & ~static_cast<unsigned>(ones) &
                   static_cast<unsigned>(_mm512_cmp_ps_mask(values, zero, _CMP_NEQ_UQ));
          const __m512i bit = _mm512_set1_epi64(static_cast<long long>(1ULL << (c % 64)));
          low = _mm512_mask_or_epi64(low, static_cast<__mmask8>(ones), low, bit);
          high = _mm512_mask_or_epi64(high, static_cast<__mmask8>(ones >> 8), high, bit);
        }
        std::uint64_t* const out = dst.at(y, x) + word;
        if (dst.pixel == 1) {
          _mm512_mask_storeu_epi64(out, static_cast<__mmask8>(mask), low);
          _mm512_mask_storeu_epi64(out + 8, static_cast<__mmask8>(mask >> 8), high);
        } else {
          _mm512_mask_i64scatter_epi64(out, static_cast<__mmask8>(mask), places, low, 8);
          _mm512_mask_i64scatter_epi64(out + 8 * dst.pixel, static_cast<__mmask8>(mask >> 8), places, high, 8);
        }
      }
    }
  return other == 0;
}

}  // namespace tern::kernels::input_avx512
