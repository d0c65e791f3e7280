// int8 words in lanes of 16 output channels: source words by vpermi2d from a window of two registers, then
// vpdpbusd.
#include <immintrin.h>

#include "kernels/sparse/sparse_conv_impl.hpp"

namespace tern::kernels::sparse_vnni {
namespace {
#include "kernels/epilogue_lanes_avx512.inl"

/// Sums of 16 channels over steps [i, end), one after the other in two sums side by side.
__m512i sum_steps(const SparseLanesView& lanes, const char* src, std::uint32_t i, std::uint32_t end,
                  __m512i initial) {
  const auto product = [&](__m512i sum, std::uint32_t step) __attribute__((always_inline)) {
    const char* const window = src + lanes.window[step] * 4;
    const auto* const index = reinterpret_cast<const __m128i*>(lanes.index + step * sparse_step);
    const __m512i places = _mm512_cvtepu8_epi32(_mm_loadu_si128(index));
    const __m512i bytes =
        _mm512_permutex2var_epi32(_mm512_loadu_si512(window), places, _mm512_loadu_si512(window + 64));
    return _mm512_dpbusd_epi32(sum, bytes, _mm512_loadu_si512(lanes.words + step * sparse_step));
  };
  __m512i even = initial, odd = _mm512_setzero_si512();
  for (; i + 2 <= end; i += 2) {
    even = product(even, i);
    odd = product(odd, i + 1);
  }
  if (i < end) even = product(even, i);
  return _mm512_add_epi32(even, odd);
}

}  // namespace

void lanes_codes(const SparseJob& job) {
  const ConvShape& s = job.shape;
  const FinishParts parts = parts_of(job.epilogue);
  char* const words = job.scratch.panel;
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    for (std::int64_t x = 0; x < s.out_w; ++x) {
      // A window may reach behind the pixel; lanes without a word multiply what is there by zero.
      __builtin_memcpy(words, job.src + y * s.stride_h * s.src_row + x * s.stride_w * s.src_pixel,
                       job.pixel_words * 4);
      __builtin_memset(words + job.pixel_words * 4, 0, sparse_window * 4);
      for (std::int64_t from = 0; from < s.oc; from += sparse_step) {
        const auto mask =
            static_cast<__mmask16>(s.oc - from >= sparse_step ? 0xffff : (1 << (s.oc - from)) - 1);
        const std::uint32_t* const range = job.lanes.start + from / sparse_step;
        const __m512i initial = _mm512_maskz_loadu_epi32(mask, job.initial + from);
        finish_lanes(job.epilogue, parts, sum_steps(job.lanes, words, range[0], range[1], initial), y, x,
                     from, mask);
      }
    }
}

}  // namespace tern::kernels::sparse_vnni
