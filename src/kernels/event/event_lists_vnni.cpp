// Event convolutions by joined lists of places (VBMI2 compresses them).
#include <immintrin.h>

#include "kernels/event/event_conv_impl.hpp"

#define TERN_INLINE static inline __attribute__((always_inline))

namespace tern::kernels::event_vnni {
namespace {
#include "kernels/event/event_finish_vnni.inl"

TERN_INLINE __m512i counting() {
  alignas(64) static constexpr std::int16_t values[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                          11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                          22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
  return _mm512_load_si512(values);
}

}  // namespace

void list_row(const EventRowJob& of) {
  const EventRowJob job = of;  // no store changes it
  std::uint32_t count = 0;
  const __m512i half = _mm512_set1_epi16(32);
  for (std::int64_t p = 0; p < job.pixels; ++p) {
    job.row.offsets[p] = count;
    const std::uint64_t* const words = job.src + p * job.src_pixel;
    __m512i place = _mm512_add_epi16(counting(), _mm512_set1_epi16(static_cast<std::int16_t>(p * job.ic)));
    for (std::int64_t c = 0; c < job.ic; c += 64) {
      const auto low = static_cast<std::uint32_t>(words[c / 64]),
                 high = static_cast<std::uint32_t>(words[c / 64] >> 32);
      _mm512_storeu_si512(job.row.places + count, _mm512_maskz_compress_epi16(low, place));
      count += static_cast<std::uint32_t>(_mm_popcnt_u32(low));
      if (job.ic - c <= 32) break;
      place = _mm512_add_epi16(place, half);
      _mm512_storeu_si512(job.row.places + count, _mm512_maskz_compress_epi16(high, place));
      count += static_cast<std::uint32_t>(_mm_popcnt_u32(high));
      place = _mm512_add_epi16(place, half);
    }
  }
  job.row.offsets[job.pixels] = count;
}

namespace {

/// `count` places plus `shift`, behind `at`.
TERN_INLINE std::uint16_t* append(std::uint16_t* at, const std::uint16_t* places, std::int64_t count,
                                  std::int64_t shift) {
  const __m512i shifts = _mm512_set1_epi16(static_cast<std::int16_t>(shift));
  std::int64_t i = 0;
  do {
    _mm512_storeu_si512(at + i, _mm512_add_epi16(_mm512_loadu_si512(places + i), shifts));
    i += 32;
  } while (i < count);
  return at + count;
}

/// The weight rows of `pixels` output pixels from x on, to lists; counts receives their lengths.
template <int pixels>
TERN_INLINE void join(const EventSumJob& job, std::int64_t x, std::uint16_t* lists, std::int64_t* counts) {
  const std::int64_t ic = job.shape.ic, kernel_h = job.shape.kernel_h, kernel_w = job.shape.kernel_w;
  const std::int64_t stride = job.shape.stride_w, dilation = job.shape.dilation_w, capacity = job.capacity;
  const std::int64_t parts = dilation == 1 ? 1 : kernel_w, width = dilation == 1 ? kernel_w : 1;
  const EventRow* const lines = job.lines;
  std::uint16_t* at[pixels];
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p) at[p] = lists + p * capacity;
  for (std::int64_t ky = 0; ky < kernel_h; ++ky) {
    const std::uint16_t* const places = lines[ky].places;
    for (std::int64_t kx = 0; kx < parts; ++kx) {
      const std::int64_t first = x * stride + kx * dilation;
      const std::uint32_t* const offsets = lines[ky].offsets + first;
      const std::int64_t shift = (ky * kernel_w + kx - first) * ic;
#pragma GCC unroll 4
      for (int p = 0; p < pixels; ++p) {
        const std::uint32_t from = offsets[p * stride], to = offsets[p * stride + width];
        at[p] = append(at[p], places + from, std::int64_t{to} - from, shift - p * stride * ic);
      }
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p) counts[p] = at[p] - (lists + p * capacity);
}

/// Zero rows behind a list of `count`, up to `wanted` and a few more.
TERN_INLINE void pad_list(std::uint16_t* list, std::int64_t count, std::int64_t wanted,
                          std::int64_t zero_row) {
  const __m512i zeros = _mm512_set1_epi16(static_cast<std::int16_t>(zero_row));
  _mm512_storeu_si512(list + count, zeros);  // without a branch: mostly enough
  for (std::int64_t i = count + 32; i < wanted; i += 32) _mm512_storeu_si512(list + i, zeros);
}

/// acc[p][g] += rows of list p, for pixels * groups vectors of 32 channels; count is a multiple of `unroll`.
template <int groups, int pixels, int unroll>
TERN_INLINE void add_rows(__m512i (&acc)[pixels][groups], const std::int8_t* weights,
                          const std::uint16_t* lists, std::int64_t capacity, std::int64_t count) {
  for (std::int64_t i = 0; i < count; i += unroll) {
#pragma GCC unroll 4
    for (int u = 0; u < unroll; ++u)
#pragma GCC unroll 4
      for (int p = 0; p < pixels; ++p) {
        const std::int8_t* const row = weights + std::int64_t{lists[p * capacity + i + u]} * (groups * 32);
#pragma GCC unroll 4
        for (int g = 0; g < groups; ++g)
          acc[p][g] = _mm512_add_epi16(
              acc[p][g],
              _mm512_cvtepi8_epi16(_mm256_load_si256(reinterpret_cast<const __m256i*>(row + g * 32))));
      }
  }
}

/// Sums of `pixels` lists of `count` places, padded to it, to `sums`.
template <int groups, int pixels, int unroll>
TERN_INLINE void sum_pixels(const std::int8_t* weights, const std::uint16_t* lists, std::int64_t capacity,
                            std::int64_t count, std::int16_t* sums) {
  __m512i acc[pixels][groups];
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) acc[p][g] = _mm512_setzero_si512();
  add_rows<groups, pixels, unroll>(acc, weights, lists, capacity, count);
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) _mm512_store_si512(sums + (p * groups + g) * 32, acc[p][g]);
}

/// Joined lists of pixels x and on; behind each list lie zero rows up to a multiple of four.
struct Lists {
  std::int64_t x, pixels, longest;
  std::int64_t counts[event_group];
};

TERN_INLINE std::int64_t larger(std::int64_t a, std::int64_t b) {
  return a > b ? a : b;
}

/// Joins the lists of up to event_group pixels, and pads those of four to the same length.
TERN_INLINE Lists join_lists(const EventSumJob& job, std::int64_t x) {
  Lists lists;
  lists.x = x, lists.pixels = job.last - x < event_group ? job.last - x : event_group, lists.longest = 0;
  std::int64_t p = 0;
  for (; p + 4 <= lists.pixels; p += 4) {
    std::uint16_t* const joined = job.joined + p * job.capacity;
    std::int64_t* const counts = lists.counts + p;
    join<4>(job, x + p, joined, counts);
    const std::int64_t most =
        (larger(larger(counts[0], counts[1]), larger(counts[2], counts[3])) + 3) / 4 * 4;
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) pad_list(joined + i * job.capacity, counts[i], most, job.rows);
    lists.longest = larger(lists.longest, most);
  }
  for (; p < lists.pixels; ++p) {
    std::uint16_t* const joined = job.joined + p * job.capacity;
    join<1>(job, x + p, joined, lists.counts + p);
    pad_list(joined, lists.counts[p], (lists.counts[p] + 3) / 4 * 4, job.rows);
    lists.longest = larger(lists.longest, lists.counts[p]);
  }
  return lists;
}

/// A block of channels from `first` on. `together`: pixels in flight, as many as registers hold.
template <int groups, int together, int unroll>
void sum_block(const EventSumJob& job, const Lists& lists, const std::int8_t* weights, std::int64_t first,
               FinishPixels finish) {
  constexpr std::int64_t width = groups * 32;
  alignas(64) std::int16_t sums[event_group * width];
  const std::int64_t capacity = job.capacity, left = job.shape.oc - first;
  std::int64_t p = 0;
  for (; p + 4 <= lists.pixels; p += 4)
#pragma GCC unroll 2
    for (std::int64_t q = p; q < p + 4; q += together) {
      std::int64_t most = 0;
#pragma GCC unroll 4
      for (int i = 0; i < together; ++i) most = larger(most, lists.counts[q + i]);
      sum_pixels<groups, together, unroll>(weights, job.joined + q * capacity, capacity, (most + 3) / 4 * 4,
                                           sums + q * width);
    }
  for (; p < lists.pixels; ++p)
    sum_pixels<groups, 1, 4>(weights, job.joined + p * capacity, 0, (lists.counts[p] + 3) / 4 * 4,
                             sums + p * width);
  finish(job.epilogue, {sums, width, job.y, lists.x, lists.pixels, first, left < width ? left : width});
}

/// One list that is too long for 16-bit sums.
template <int groups>
void sum_wide(const EventSumJob& job, const std::uint16_t* list, std::int64_t count,
              const std::int8_t* weights, std::int64_t x, std::int64_t first) {
  __m512i wide[groups][2];
  for (int g = 0; g < groups; ++g) wide[g][0] = wide[g][1] = _mm512_setzero_si512();
  const std::int64_t step = job.limit / 4 * 4;
  for (std::int64_t i = 0; i < count; i += step) {
    __m512i acc[1][groups];
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) acc[0][g] = _mm512_setzero_si512();
    add_rows<groups, 1, 4>(acc, weights, list + i, 0, count - i < step ? count - i : step);
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) {
      wide[g][0] = _mm512_add_epi32(wide[g][0], _mm512_cvtepi16_epi32(_mm512_castsi512_si256(acc[0][g])));
      wide[g][1] =
          _mm512_add_epi32(wide[g][1], _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(acc[0][g], 1)));
    }
  }
  const FinishParts parts = parts_of(job.epilogue);
  for (int g = 0; g < groups; ++g)
    for (int h = 0; h < 2; ++h) {
      const std::int64_t c = first + g * 32 + h * 16, left = job.shape.oc - c;
      if (left > 0) finish_lanes(job.epilogue, parts, wide[g][h], job.y, x, c, first_lanes(left));
    }
}

template <int groups, int together, int unroll>
void sum_any(const EventSumJob& job, const Lists& lists, const std::int8_t* weights, std::int64_t first,
             FinishPixels finish) {
  if (lists.longest <= job.limit)
    return sum_block<groups, together, unroll>(job, lists, weights, first, finish);
  for (std::int64_t p = 0; p < lists.pixels; ++p)
    sum_wide<groups>(job, job.joined + p * job.capacity, (lists.counts[p] + 3) / 4 * 4, weights, lists.x + p,
                     first);
}

}  // namespace

void sum_lists(const EventSumJob& job) {
  const FinishPixels finish = select_finish(parts_of(job.epilogue));
  for (std::int64_t x = job.first; x < job.last; x += event_group) {
    const Lists lists = join_lists(job, x);
    const std::int8_t* weights = job.weights;
    for (std::int64_t first = 0; first < job.shape.oc; first += 128) {
      const std::int64_t width = event_block_width(job.shape.oc, first);
      if (width == 128) sum_any<4, 2, 2>(job, lists, weights, first, finish);
      if (width == 64) sum_any<2, 4, 2>(job, lists, weights, first, finish);
      if (width == 32) sum_any<1, 4, 4>(job, lists, weights, first, finish);
      weights += (job.rows + 1) * width;
    }
  }
}

const EventKernels kernels{list_row, pattern_row, sum_lists, sum_patterns};

}  // namespace tern::kernels::event_vnni
