#include <immintrin.h>

#include "kernels/event/neuron_rows_impl.hpp"

#define TERN_INLINE static inline __attribute__((always_inline))

namespace tern::kernels::neuron_rows_avx512 {
namespace {

/// The recurrence is a chain of dependent operations: this many vectors run side by side to hide its latency.
constexpr int side_by_side = 4;

/// Word `word` of `pixels` pixels from `pixel` on, of which `vectors` vectors of 16 channels exist: pixels *
/// vectors is side_by_side where there are as many.
template <Reset reset, bool delay, int pixels, int vectors>
TERN_INLINE void charge(const NeuronParameters& p, const NeuronRows& of, std::int64_t pixel,
                        std::int64_t word) {
  const NeuronRows rows = of;  // no store changes it
  const std::int64_t left = rows.channels - word * 64 - (vectors - 1) * 16;
  const auto last_mask = static_cast<__mmask16>(left >= 16 ? 0xffff : (1 << left) - 1);
  const __m512 decay = _mm512_set1_ps(p.decay), gain = _mm512_set1_ps(p.gain),
               offset = _mm512_set1_ps(p.offset);
  const __m512 threshold = _mm512_set1_ps(p.v_threshold), v_reset = _mm512_set1_ps(p.v_reset);
  __m512 v[pixels][vectors];
  __mmask16 fired[pixels][vectors];
#pragma GCC unroll 4
  for (int i = 0; i < pixels; ++i)
#pragma GCC unroll 4
    for (int k = 0; k < vectors; ++k) v[i][k] = _mm512_set1_ps(p.v_rest), fired[i][k] = 0;
  const float* src = rows.src + pixel * rows.src_pixel + word * 64;
  std::uint64_t* dst = rows.dst + pixel * rows.dst_pixel + word;
  for (std::int64_t t = 0; t < rows.num_steps; ++t, src += rows.src_step, dst += rows.dst_step)
#pragma GCC unroll 4
    for (int i = 0; i < pixels; ++i) {
      std::uint64_t bits = 0;
#pragma GCC unroll 4
      for (int k = 0; k < vectors; ++k) {
        const __mmask16 mask = k == vectors - 1 ? last_mask : static_cast<__mmask16>(0xffff);
        const __m512 current = _mm512_maskz_loadu_ps(mask, src + i * rows.src_pixel + k * 16);
        __m512 h =
            _mm512_add_ps(_mm512_mul_ps(decay, v[i][k]), _mm512_add_ps(_mm512_mul_ps(gain, current), offset));
        if constexpr (delay && reset == Reset::hard) h = _mm512_mask_mov_ps(h, fired[i][k], v_reset);
        if constexpr (delay && reset == Reset::soft) h = _mm512_mask_sub_ps(h, fired[i][k], h, threshold);
        fired[i][k] = _mm512_mask_cmp_ps_mask(mask, h, threshold, _CMP_GE_OQ);
        bits |= static_cast<std::uint64_t>(fired[i][k]) << (k * 16);
        if constexpr (!delay && reset == Reset::hard) h = _mm512_mask_mov_ps(h, fired[i][k], v_reset);
        if constexpr (!delay && reset == Reset::soft) h = _mm512_mask_sub_ps(h, fired[i][k], h, threshold);
        v[i][k] = h;
      }
      dst[i * rows.dst_pixel] = bits;
    }
}

template <Reset reset, bool delay, int vectors>
void charge_word(const NeuronParameters& p, const NeuronRows& rows, std::int64_t word) {
  constexpr int together = side_by_side / vectors;
  std::int64_t pixel = 0;
  for (; pixel + together <= rows.pixels; pixel += together)
    charge<reset, delay, together, vectors>(p, rows, pixel, word);
  for (; pixel < rows.pixels; ++pixel) charge<reset, delay, 1, vectors>(p, rows, pixel, word);
}

template <Reset reset, bool delay>
void charge_all(const NeuronParameters& p, const NeuronRows& rows) {
  for (std::int64_t word = 0; word * 64 < rows.channels; ++word) {
    const std::int64_t left = rows.channels - word * 64;
    if (left > 48)
      charge_word<reset, delay, 4>(p, rows, word);
    else if (left > 32)
      charge_word<reset, delay, 3>(p, rows, word);
    else if (left > 16)
      charge_word<reset, delay, 2>(p, rows, word);
    else
      charge_word<reset, delay, 1>(p, rows, word);
  }
}

}  // namespace

void run(const NeuronParameters& p, const NeuronRows& rows) {
  if (p.reset == Reset::none) return charge_all<Reset::none, false>(p, rows);
  if (p.reset == Reset::hard)
    return p.reset_delay ? charge_all<Reset::hard, true>(p, rows) : charge_all<Reset::hard, false>(p, rows);
  return p.reset_delay ? charge_all<Reset::soft, true>(p, rows) : charge_all<Reset::soft, false>(p, rows);
}

}  // namespace tern::kernels::neuron_rows_avx512
