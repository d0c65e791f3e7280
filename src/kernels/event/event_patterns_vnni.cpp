// Event convolutions by tables of sums.
#include <immintrin.h>

#include "kernels/event/event_conv_impl.hpp"

#define TERN_INLINE static inline __attribute__((always_inline))

namespace tern::kernels::event_vnni {
namespace {
#include "kernels/event/event_finish_vnni.inl"

/// Eight pixels of up to 8 channels make ic bytes.
void pattern_row_narrow(const EventRowJob& of) {
  const EventRowJob job = of;  // no store changes it
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

}  // namespace

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

namespace {

/// The tables of a window: of each, the source bits of pixel 0 that index it and its sums.
struct Tables {
  std::int64_t count;
  const std::uint8_t* bits[event_most_tables];
  std::int64_t first_bit[event_most_tables];
  const std::int8_t* sums[event_most_tables];
};

/// Sums of `pixels` pixels, `step` bits apart, to `out`; `bit` is the first one's place in its row. One load
/// serves all of them: with several pixels (pixels - 1) * step + part_bits must not exceed 49.
template <int groups, int pixels>
TERN_INLINE void add_tables(const Tables& tables, std::int64_t bit, std::int64_t step, std::uint64_t mask,
                            std::int16_t* out) {
  constexpr int entry_shift = groups == 4 ? 8 : groups == 2 ? 7 : 6;  // of an entry's bytes
  __m512i acc[pixels][groups];
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) acc[p][g] = _mm512_setzero_si512();
  for (std::int64_t t = 0; t < tables.count; ++t) {
    const std::int64_t first = bit + tables.first_bit[t];
    std::uint64_t bits;
    __builtin_memcpy(&bits, tables.bits[t] + (first >> 3), 8);
    bits = bits >> (first & 7) << entry_shift;
    const std::int8_t* const sums = tables.sums[t];
#pragma GCC unroll 4
    for (int p = 0; p < pixels; ++p, bits >>= step) {
      const std::int8_t* const entry = sums + (bits & mask << entry_shift);
#pragma GCC unroll 4
      for (int g = 0; g < groups; ++g)
        acc[p][g] = _mm512_add_epi16(acc[p][g], _mm512_load_si512(entry + g * 64));
    }
  }
#pragma GCC unroll 4
  for (int p = 0; p < pixels; ++p)
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) _mm512_store_si512(out + (p * groups + g) * 32, acc[p][g]);
}

/// A block of channels from `first` on.
template <int groups>
void sum_block(const EventSumJob& job, const Tables& tables, FinishPixels finish, std::int64_t first) {
  constexpr std::int64_t together = 16, width = groups * 32;
  alignas(64) std::int16_t sums[together * width];
  const std::int64_t step = job.shape.stride_w * job.shape.ic, left = job.shape.oc - first;
  const std::uint64_t mask = (std::uint64_t{1} << job.part_bits) - 1;
  const bool near = 3 * step + job.part_bits <= 49;
  for (std::int64_t x = job.first; x < job.last; x += together) {
    const std::int64_t pixels = job.last - x < together ? job.last - x : together;
    std::int64_t p = 0;
    for (; near && p + 4 <= pixels; p += 4)
      add_tables<groups, 4>(tables, (x + p) * step, step, mask, sums + p * width);
    for (; p < pixels; ++p) add_tables<groups, 1>(tables, (x + p) * step, 0, mask, sums + p * width);
    finish(job.epilogue, {sums, width, job.y, x, pixels, first, left < width ? left : width});
  }
}

}  // namespace

void sum_patterns(const EventSumJob& job) {
  const FinishPixels finish = select_finish(parts_of(job.epilogue));
  const std::int8_t* sums = job.weights;
  for (std::int64_t first = 0; first < job.shape.oc; first += 128) {
    const std::int64_t width = event_block_width(job.shape.oc, first);
    Tables tables;
    tables.count = 0;
    for (std::int64_t ky = 0; ky < job.shape.kernel_h; ++ky)
      for (std::int64_t part = 0; part < job.parts; ++part, sums += width * 2 << job.part_bits) {
        tables.bits[tables.count] = reinterpret_cast<const std::uint8_t*>(job.lines[ky].bits);
        tables.first_bit[tables.count] = part * job.part_bits;
        tables.sums[tables.count++] = sums;
      }
    if (width == 128) sum_block<4>(job, tables, finish, first);
    if (width == 64) sum_block<2>(job, tables, finish, first);
    if (width == 32) sum_block<1>(job, tables, finish, first);
  }
}

}  // namespace tern::kernels::event_vnni
