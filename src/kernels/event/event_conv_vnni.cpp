// Event convolutions with compressed index lists (VBMI2).
#include <immintrin.h>

#include "kernels/event/event_conv_impl.hpp"

#define TERN_INLINE static inline __attribute__((always_inline))

namespace tern::kernels::event_vnni {
namespace {
#include "kernels/epilogue_lanes_avx512.inl"

TERN_INLINE __m512i counting() {
  alignas(64) static constexpr std::int16_t values[32] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                          11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                          22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
  return _mm512_load_si512(values);
}

void list_row(const EventRowJob& job) {
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

/// Eight pixels of up to 8 channels make ic bytes.
void pattern_row_narrow(const EventRowJob& job) {
  const __m512i pixel = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
  const __m512i shift = _mm512_mullo_epi64(pixel, _mm512_set1_epi64(job.ic));
  auto* bytes = reinterpret_cast<std::uint8_t*>(job.row.bits);
  for (std::int64_t p = 0; p < job.pixels; p += 8, bytes += job.ic) {
    const std::int64_t left = job.pixels - p;
    const auto mask = static_cast<__mmask8>(left >= 8 ? 0xff : (1 << left) - 1);
    const __m512i words = _mm512_maskz_loadu_epi64(mask, job.src + p);
    const auto bits = static_cast<std::uint64_t>(_mm512_reduce_or_epi64(_mm512_sllv_epi64(words, shift)));
    __builtin_memcpy(bytes, &bits, 8);
  }
}

void pattern_row(const EventRowJob& job) {
  if (job.ic <= 8 && job.src_pixel == 1) return pattern_row_narrow(job);
  std::uint64_t word = 0, *bits = job.row.bits;
  std::int64_t fill = 0;
  for (std::int64_t p = 0; p < job.pixels; ++p) {
    const std::uint64_t pixel = job.src[p * job.src_pixel];
    word |= pixel << fill;
    fill += job.ic;
    if (fill < 64) continue;
    *bits++ = word;
    fill -= 64;
    word = fill > 0 ? pixel >> (job.ic - fill) : 0;
  }
  *bits = word;
}

/// Places [offsets[from], offsets[to]) plus `shift`, behind `at`.
TERN_INLINE std::uint16_t* append(std::uint16_t* at, const EventRow& line, std::int64_t from, std::int64_t to,
                                  std::int64_t shift) {
  const std::uint16_t* const places = line.places + line.offsets[from];
  const std::int64_t count = line.offsets[to] - line.offsets[from];
  const __m512i shifts = _mm512_set1_epi16(static_cast<std::int16_t>(shift));
  std::int64_t i = 0;
  do {
    _mm512_storeu_si512(at + i, _mm512_add_epi16(_mm512_loadu_si512(places + i), shifts));
    i += 32;
  } while (i < count);
  return at + count;
}

/// The weight rows of output pixel x; returns how many.
TERN_INLINE std::int64_t join(const EventSumJob& job, std::int64_t x, std::uint16_t* joined) {
  const ConvShape& s = job.shape;
  const std::int64_t pixel = x * s.stride_w;
  std::uint16_t* at = joined;
  for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
    const std::int64_t tap = ky * s.kernel_w;
    if (s.dilation_w == 1) {
      at = append(at, job.lines[ky], pixel, pixel + s.kernel_w, (tap - pixel) * s.ic);
      continue;
    }
    for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
      const std::int64_t p = pixel + kx * s.dilation_w;
      at = append(at, job.lines[ky], p, p + 1, (tap + kx - p) * s.ic);
    }
  }
  return at - joined;
}

/// Zero rows behind a list of `count`, up to `wanted` and a few more.
TERN_INLINE void pad_list(std::uint16_t* list, std::int64_t count, std::int64_t wanted,
                          std::int64_t zero_row) {
  const __m512i zeros = _mm512_set1_epi16(static_cast<std::int16_t>(zero_row));
  for (std::int64_t i = count; i < wanted; i += 32) _mm512_storeu_si512(list + i, zeros);
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

struct Finish {
  const Epilogue& epilogue;
  FinishParts parts;
  std::int64_t y;
};

TERN_INLINE __mmask16 first_lanes(std::int64_t left) {
  return static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
}

/// 32 channels from c on, of which `left` exist.
TERN_INLINE void finish_words(const Finish& f, __m512i acc, std::int64_t x, std::int64_t c,
                              std::int64_t left) {
  if (left <= 0) return;
  const __m512i low = _mm512_cvtepi16_epi32(_mm512_castsi512_si256(acc));
  finish_lanes(f.epilogue, f.parts, low, f.y, x, c, first_lanes(left));
  if (left <= 16) return;
  const __m512i high = _mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64(acc, 1));
  finish_lanes(f.epilogue, f.parts, high, f.y, x, c + 16, first_lanes(left - 16));
}

/// A block of output channels for `pixels` lists of `count`, padded to it.
template <int groups, int pixels, int unroll>
TERN_INLINE void sum_block(const EventSumJob& job, const Finish& f, const std::int8_t* weights,
                           const std::uint16_t* lists, std::int64_t count, std::int64_t x,
                           std::int64_t first) {
  __m512i acc[pixels][groups];
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) acc[p][g] = _mm512_setzero_si512();
  add_rows<groups, pixels, unroll>(acc, weights, lists, job.capacity, count);
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g)
      finish_words(f, acc[p][g], x + p, first + g * 32, job.shape.oc - first - g * 32);
}

/// One list that is too long for 16-bit sums.
template <int groups>
void sum_block_wide(const EventSumJob& job, const Finish& f, const std::int8_t* weights,
                    const std::uint16_t* list, std::int64_t count, std::int64_t x, std::int64_t first) {
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
  for (int g = 0; g < groups; ++g)
    for (int h = 0; h < 2; ++h) {
      const std::int64_t c = first + g * 32 + h * 16, left = job.shape.oc - c;
      if (left > 0) finish_lanes(f.epilogue, f.parts, wide[g][h], f.y, x, c, first_lanes(left));
    }
}

/// Lists of one group of pixels, through one block. `together`: pixels in flight, as many as registers hold.
template <int groups, int together, int unroll>
void sum_group(const EventSumJob& job, const Finish& f, const std::int8_t* weights,
               const std::int64_t* counts, std::int64_t pixels, std::int64_t x, std::int64_t first) {
  const auto longest = [&](std::int64_t from, std::int64_t to) {
    std::int64_t most = 0;
    for (std::int64_t p = from; p < to; ++p) most = counts[p] > most ? counts[p] : most;
    return (most + 3) / 4 * 4;
  };
  if (longest(0, pixels) > job.limit || pixels < event_group) {
    for (std::int64_t p = 0; p < pixels; ++p) {
      const std::uint16_t* const list = job.joined + p * job.capacity;
      const std::int64_t count = longest(p, p + 1);
      if (count > job.limit)
        sum_block_wide<groups>(job, f, weights, list, count, x + p, first);
      else
        sum_block<groups, 1, 4>(job, f, weights, list, count, x + p, first);
    }
    return;
  }
#pragma GCC unroll 2
  for (std::int64_t p = 0; p < event_group; p += together)
    sum_block<groups, together, unroll>(job, f, weights, job.joined + p * job.capacity,
                                        longest(p, p + together), x + p, first);
}

void sum_lists(const EventSumJob& job) {
  const Finish f{job.epilogue, parts_of(job.epilogue), job.y};
  for (std::int64_t x = job.first; x < job.last; x += event_group) {
    const std::int64_t pixels = job.last - x < event_group ? job.last - x : event_group;
    std::int64_t counts[event_group], most = 0;
    for (std::int64_t p = 0; p < pixels; ++p) {
      counts[p] = join(job, x + p, job.joined + p * job.capacity);
      most = counts[p] > most ? counts[p] : most;
    }
    for (std::int64_t p = 0; p < pixels; ++p)
      pad_list(job.joined + p * job.capacity, counts[p], (most + 3) / 4 * 4, job.rows);
    const std::int8_t* weights = job.weights;
    for (std::int64_t first = 0; first < job.shape.oc; first += 128) {
      const std::int64_t width = event_block_width(job.shape.oc, first);
      if (width == 128) sum_group<4, 2, 2>(job, f, weights, counts, pixels, x, first);
      if (width == 64) sum_group<2, 4, 2>(job, f, weights, counts, pixels, x, first);
      if (width == 32) sum_group<1, 4, 4>(job, f, weights, counts, pixels, x, first);
      weights += (job.rows + 1) * width;
    }
  }
}

/// One block of all pixels: `table` is its [kernel_h][parts][2^part_bits][groups * 32].
template <int groups>
void sum_patterns_block(const EventSumJob& job, const Finish& f, const std::int8_t* tables,
                        std::int64_t first) {
  const ConvShape& s = job.shape;
  const std::int64_t entry = groups * 64, mask = (std::int64_t{1} << job.part_bits) - 1;
  for (std::int64_t x = job.first; x < job.last; ++x) {
    __m512i acc[groups];
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) acc[g] = _mm512_setzero_si512();
    const std::int8_t* table = tables;
    for (std::int64_t ky = 0; ky < s.kernel_h; ++ky) {
      std::int64_t bit = x * s.stride_w * s.ic;
      for (std::int64_t part = 0; part < job.parts;
           ++part, bit += job.part_bits, table += (mask + 1) * entry) {
        std::uint32_t bits;
        __builtin_memcpy(&bits, reinterpret_cast<const std::uint8_t*>(job.lines[ky].bits) + bit / 8, 4);
        const std::int8_t* const sums = table + (bits >> bit % 8 & mask) * entry;
#pragma GCC unroll 4
        for (int g = 0; g < groups; ++g) acc[g] = _mm512_add_epi16(acc[g], _mm512_load_si512(sums + g * 64));
      }
    }
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) finish_words(f, acc[g], x, first + g * 32, s.oc - first - g * 32);
  }
}

void sum_patterns(const EventSumJob& job) {
  const Finish f{job.epilogue, parts_of(job.epilogue), job.y};
  const std::int64_t entries = job.shape.kernel_h * job.parts << job.part_bits;
  const std::int8_t* tables = job.weights;
  for (std::int64_t first = 0; first < job.shape.oc; first += 128) {
    const std::int64_t width = event_block_width(job.shape.oc, first);
    if (width == 128) sum_patterns_block<4>(job, f, tables, first);
    if (width == 64) sum_patterns_block<2>(job, f, tables, first);
    if (width == 32) sum_patterns_block<1>(job, f, tables, first);
    tables += entries * width * 2;
  }
}

}  // namespace

const EventKernels kernels{list_row, pattern_row, sum_lists, sum_patterns};

}  // namespace tern::kernels::event_vnni
