// 32 lanes at once: bytes of four taps interleaved by vpermt2b, one vpdpbusd for 16 lanes.
#include <immintrin.h>

#include "kernels/dense/depthwise_job.hpp"

#define DEPTHWISE_INLINE inline __attribute__((always_inline))

namespace tern::kernels::depthwise_vnni {
namespace {
#include "kernels/dense/depthwise_codes_vnni.inl"

DEPTHWISE_INLINE Pair add_products(Pair acc, Pair words, Pair weights) {
  return {_mm512_dpbusd_epi32(acc.low, words.low, weights.low),
          _mm512_dpbusd_epi32(acc.high, words.high, weights.high)};
}

DEPTHWISE_INLINE __m256i load_32(const std::uint8_t* from) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

struct InterleaveOrder {
  constexpr InterleaveOrder() {
    for (int i = 0; i < 128; ++i) places[i] = static_cast<std::uint8_t>(i % 4 * 32 + i / 4);
  }
  alignas(64) std::uint8_t places[128] = {};
};
constexpr InterleaveOrder interleave_order;

/// Of four sources of 32 bytes each: word i is byte i of every one. Sources 0 and 1 lie in `first`, 2 and 3
/// in `second`.
struct Interleave {
  DEPTHWISE_INLINE Pair operator()(__m512i first, __m512i second) const {
    return {_mm512_permutex2var_epi8(first, order.low, second),
            _mm512_permutex2var_epi8(first, order.high, second)};
  }
  Pair order = load_pair(interleave_order.places);
};

/// The lanes of two taps side by side: 32 neighbouring bytes each.
struct Neighbours {
  DEPTHWISE_INLINE __m512i operator()(const std::uint8_t* a, const std::uint8_t* b) const {
    return _mm512_inserti64x4(_mm512_castsi256_si512(load_32(a)), load_32(b), 1);
  }
};

/// The same of every second pixel of `channels` bytes.
struct EverySecond {
  explicit EverySecond(std::int64_t channels) {
    alignas(64) std::uint8_t from[64];
    for (std::int64_t i = 0; i < 64; ++i)
      from[i] = static_cast<std::uint8_t>(i / 32 * 64 + i % 32 / channels * 2 * channels + i % channels);
    places = _mm512_load_si512(from);
  }
  DEPTHWISE_INLINE __m512i operator()(const std::uint8_t* a, const std::uint8_t* b) const {
    return _mm512_permutex2var_epi8(_mm512_loadu_si512(a), places, _mm512_loadu_si512(b));
  }
  __m512i places;
};

/// One block in rows [first, last).
struct Rows {
  const std::uint8_t* src;  // first tap of pixel (0, 0)
  const std::int8_t* weights;
  const std::int32_t* initial;
  std::int64_t first, last;
};

/// Any kernel: groups of four taps, one after another.
template <class Source, class To>
void run_groups(const DepthwiseJob& job, const Rows& rows, const Source source, const To to) {
  const Interleave interleave;
  for (std::int64_t y = rows.first; y < rows.last; ++y)
    for (std::int64_t x = 0; x < job.out_w; x += job.pixels) {
      const std::uint8_t* const src = rows.src + y * job.step_y + x * job.step_x;
      Pair acc = load_pair(rows.initial);
      for (std::int64_t group = 0; group < job.groups; ++group) {
        const std::int64_t* const at = job.offsets + 4 * group;
        const Pair words = interleave(source(src + at[0], src + at[1]), source(src + at[2], src + at[3]));
        acc = add_products(acc, words, load_pair(rows.weights + 128 * group));
      }
      to(acc, y, x, job.out_w - x < job.pixels ? job.out_w - x : job.pixels);
    }
}

/// Weights of three columns of three rows, in registers.
struct Three {
  explicit Three(const Rows& rows)
      : left(load_pair(rows.weights)),
        middle(load_pair(rows.weights + 128)),
        right(load_pair(rows.weights + 256)),
        initial(load_pair(rows.initial)) {}
  DEPTHWISE_INLINE Pair sums(Pair a, Pair b, Pair c) const {
    return add_products(add_products(add_products(initial, a, left), b, middle), c, right);
  }
  Pair left, middle, right, initial;
};

/// Three columns of three rows. Sums of the next pixels come before results of the last: two chains of
/// operations side by side, where one alone is too long for the processor to look beyond.
template <class Source, class To>
void run_three(const DepthwiseJob& job, const Rows& rows, const Source source, const To to) {
  const Interleave interleave;
  const Three weights(rows);
  const std::int64_t down = job.offsets[1], twice_down = job.offsets[2], one = job.offsets[4],
                     two = job.offsets[8];
  const auto column = [&](const std::uint8_t* src) __attribute__((always_inline)) {
    return interleave(source(src, src + down), source(src + twice_down, src + twice_down));
  };
  for (std::int64_t y = rows.first; y < rows.last; ++y) {
    const std::uint8_t* src = rows.src + y * job.step_y;
    Pair pending = weights.sums(column(src), column(src + one), column(src + two));
    std::int64_t x = 0;
    for (; x + job.pixels < job.out_w; x += job.pixels) {
      src += job.pixels * job.step_x;
      const Pair next = weights.sums(column(src), column(src + one), column(src + two));
      to(pending, y, x, job.pixels);
      pending = next;
    }
    to(pending, y, x, job.out_w - x);
  }
}

/// The same where a block is of one pixel, whose neighbour shares two of the columns (or with a stride of
/// two, one).
template <int Stride, class To>
void run_shared(const DepthwiseJob& job, const Rows& rows, const To to) {
  const Interleave interleave;
  const Three weights(rows);
  const std::int64_t down = job.offsets[1], twice_down = job.offsets[2], one = job.offsets[4];
  const auto column = [&](const std::uint8_t* at) __attribute__((always_inline)) {
    return interleave(Neighbours()(at, at + down), _mm512_castsi256_si512(load_32(at + twice_down)));
  };
  for (std::int64_t y = rows.first; y < rows.last; ++y) {
    const std::uint8_t* src = rows.src + y * job.step_y;
    Pair a = column(src), b = column(src + one), c = column(src + 2 * one);
    Pair pending = weights.sums(a, b, c);
    std::int64_t x = 0;
    if constexpr (Stride == 1) {
      for (; x + 3 < job.out_w; x += 3, src += 3 * one) {
        a = column(src + 3 * one);
        const Pair second = weights.sums(b, c, a);
        to(pending, y, x, 1);
        b = column(src + 4 * one);
        const Pair third = weights.sums(c, a, b);
        to(second, y, x + 1, 1);
        c = column(src + 5 * one);
        pending = weights.sums(a, b, c);
        to(third, y, x + 2, 1);
      }
      for (; x + 1 < job.out_w; ++x, src += one) {
        a = b;
        b = c;
        c = column(src + 3 * one);
        to(pending, y, x, 1);
        pending = weights.sums(a, b, c);
      }
    } else {
      for (; x + 1 < job.out_w; ++x, src += 2 * one) {
        a = c;
        c = column(src + 4 * one);
        const Pair next = weights.sums(a, column(src + 3 * one), c);
        to(pending, y, x, 1);
        pending = next;
      }
    }
    to(pending, y, x, 1);
  }
}

template <class To>
void run_rows(const DepthwiseJob& job, const Rows& rows, const EverySecond& every_second, const To& to) {
  const bool three = job.columns && job.groups == 3;
  if (job.pixels > 1 && job.step_x == 2 * job.channels)
    return three ? run_three(job, rows, every_second, to) : run_groups(job, rows, every_second, to);
  if (!three) return run_groups(job, rows, Neighbours(), to);
  if (job.pixels == 1 && job.step_x == job.offsets[4]) return run_shared<1>(job, rows, to);
  if (job.pixels == 1 && job.step_x == 2 * job.offsets[4]) return run_shared<2>(job, rows, to);
  run_three(job, rows, Neighbours(), to);
}

/// Rows that a block goes through before the next one: its weights are loaded once for them, and its
/// neighbour finds the other half of their cache lines still there.
constexpr std::int64_t rows_together = 4;

}  // namespace

void run(const DepthwiseJob& job) {
  const CodesPlan codes(job);
  const EverySecond every_second(job.channels);
  for (std::int64_t y = job.first_row; y < job.last_row; y += rows_together)
    for (std::int64_t block = 0; block < job.blocks; ++block) {
      const std::int64_t first = block * depthwise_lanes;
      const Rows rows{job.src + first, job.weights + first * job.groups * 4, job.initial + first, y,
                      y + rows_together < job.last_row ? y + rows_together : job.last_row};
      if (codes.serves)
        run_rows(job, rows, every_second, ToCodes(job, codes, first));
      else
        run_rows(job, rows, every_second, ToFinish{job, first});
    }
}

}  // namespace tern::kernels::depthwise_vnni
