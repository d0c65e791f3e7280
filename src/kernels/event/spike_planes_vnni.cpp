#include <immintrin.h>

#include "kernels/event/spike_planes_impl.hpp"

namespace tern::kernels::spike_planes_vnni {
namespace {

__mmask8 first_words(std::int64_t left) {
  return static_cast<__mmask8>(left >= 8 ? 0xff : (1 << left) - 1);
}

std::int64_t count(const std::uint64_t* src, std::int64_t words) {
  __m512i spikes = _mm512_setzero_si512();
  for (std::int64_t w = 0; w < words; w += 8)
    spikes = _mm512_add_epi64(spikes,
                              _mm512_popcnt_epi64(_mm512_maskz_loadu_epi64(first_words(words - w), src + w)));
  return _mm512_reduce_add_epi64(spikes);
}

/// Pooling by 2 of pixels of one word, the usual case: eight output pixels at a time.
void halve_row(const std::uint64_t* a, const std::uint64_t* b, std::int64_t pixels, std::uint64_t* dst) {
  const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0),
                odd = _mm512_set_epi64(15, 13, 11, 9, 7, 5, 3, 1);
  for (std::int64_t x = 0; x < pixels; x += 8) {
    const std::int64_t left = 2 * (pixels - x);
    const __mmask8 mask0 = first_words(left),
                   mask1 = left > 8 ? first_words(left - 8) : static_cast<__mmask8>(0);
    const __m512i low = _mm512_or_si512(_mm512_maskz_loadu_epi64(mask0, a + 2 * x),
                                        _mm512_maskz_loadu_epi64(mask0, b + 2 * x));
    const __m512i high = _mm512_or_si512(_mm512_maskz_loadu_epi64(mask1, a + 2 * x + 8),
                                         _mm512_maskz_loadu_epi64(mask1, b + 2 * x + 8));
    const __m512i pooled = _mm512_or_si512(_mm512_permutex2var_epi64(low, even, high),
                                           _mm512_permutex2var_epi64(low, odd, high));
    _mm512_mask_storeu_epi64(dst + x, first_words(pixels - x), pooled);
  }
}

void max_pool(const SpikePoolJob& job) {
  const SpikePool& s = job.pool;
  auto* const dst = static_cast<std::uint64_t*>(job.dst);
  const bool halves =
      s.kernel_h == 2 && s.kernel_w == 2 && s.stride_w == 2 && s.src_pixel == 1 && s.dst_pixel == 1;
  for (std::int64_t y = job.first; y < job.last; ++y) {
    const std::uint64_t* const src = job.src + y * s.stride_h * s.src_row;
    if (halves) {
      halve_row(src, src + s.src_row, s.out_w, dst + y * s.dst_row);
      continue;
    }
    for (std::int64_t x = 0; x < s.out_w; ++x)
      for (std::int64_t w = 0; w < s.words(); ++w) {
        std::uint64_t word = 0;
        for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
          for (std::int64_t kx = 0; kx < s.kernel_w; ++kx)
            word |= src[ky * s.src_row + (x * s.stride_w + kx) * s.src_pixel + w];
        dst[y * s.dst_row + x * s.dst_pixel + w] = word;
      }
  }
}

void sum_pool(const SpikePoolJob& job) {
  const SpikePool& s = job.pool;
  const __m512i one = _mm512_set1_epi8(1);
  for (std::int64_t y = job.first; y < job.last; ++y)
    for (std::int64_t x = 0; x < s.out_w; ++x)
      for (std::int64_t w = 0; w < s.words(); ++w) {
        const std::uint64_t* const src =
            job.src + y * s.stride_h * s.src_row + x * s.stride_w * s.src_pixel + w;
        __m512i sum = _mm512_setzero_si512();
        for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
          for (std::int64_t kx = 0; kx < s.kernel_w; ++kx)
            sum = _mm512_mask_add_epi8(sum, src[ky * s.src_row + kx * s.src_pixel], sum, one);
        const std::int64_t left = s.channels - w * 64;
        const __mmask64 mask = left >= 64 ? ~__mmask64{0} : (__mmask64{1} << left) - 1;
        _mm512_mask_storeu_epi8(
            static_cast<std::uint8_t*>(job.dst) + y * s.dst_row + x * s.dst_pixel + w * 64, mask, sum);
      }
}

}  // namespace

const SpikePlaneKernels kernels{count, max_pool, sum_pool};

}  // namespace tern::kernels::spike_planes_vnni
