// 64 lanes at once: bytes of four taps interleaved, one vpdpbusd a quarter of the lanes.
#include <immintrin.h>

#include "kernels/dense/depthwise_job.hpp"

namespace tern::kernels::depthwise_vnni {
namespace {
#include "kernels/dense/finish_tile_avx512.inl"

/// Four vectors of 16 lanes in the order that interleaving gives: lane 16 i + 4 j + k is lane 4 i + k of vector j.
struct Quarters {
  __m512i a, b, c, d;
};

/// Words of four taps, each lane's bytes of r0, r1, r2, r3.
inline __attribute__((always_inline)) Quarters interleave(__m512i r0, __m512i r1, __m512i r2, __m512i r3) {
  const __m512i low01 = _mm512_unpacklo_epi8(r0, r1), high01 = _mm512_unpackhi_epi8(r0, r1);
  const __m512i low23 = _mm512_unpacklo_epi8(r2, r3), high23 = _mm512_unpackhi_epi8(r2, r3);
  return {_mm512_unpacklo_epi16(low01, low23), _mm512_unpackhi_epi16(low01, low23),
          _mm512_unpacklo_epi16(high01, high23), _mm512_unpackhi_epi16(high01, high23)};
}

inline __attribute__((always_inline)) void add_products(Quarters& acc, const Quarters& words, const Quarters& weights) {
  acc.a = _mm512_dpbusd_epi32(acc.a, words.a, weights.a);
  acc.b = _mm512_dpbusd_epi32(acc.b, words.b, weights.b);
  acc.c = _mm512_dpbusd_epi32(acc.c, words.c, weights.c);
  acc.d = _mm512_dpbusd_epi32(acc.d, words.d, weights.d);
}

inline Quarters load_quarters(const void* from) {
  const auto* const at = static_cast<const char*>(from);
  return {_mm512_loadu_si512(at), _mm512_loadu_si512(at + 64), _mm512_loadu_si512(at + 128), _mm512_loadu_si512(at + 192)};
}

/// The sums of a vector of lanes, on their way to results.
class Finish {
 public:
  explicit Finish(const DepthwiseJob& job)
      : job_(job), e_(*job.epilogue), bounds_(code_bounds(e_)), clamp_low_(bounds_.low > e_.low),
        only_codes_(e_.codes.data != nullptr && e_.floats.data == nullptr && e_.residual.data == nullptr &&
                    e_.residual_codes.data == nullptr && static_cast<float>(-e_.offset) == e_.low),
        whole_(e_.codes.pixel == job.width || job.pixels == 1) {
    if (only_codes_) spread_factors();
  }

  /// Pixels from (y, x) on, `count` of the vector's.
  inline __attribute__((always_inline)) void operator()(const Quarters& acc, std::int64_t y, std::int64_t x,
                                                        std::int64_t count) const {
    if (only_codes_ && whole_) {
      const std::int64_t bytes = count * job_.width;
      std::uint8_t* const to = e_.codes.at(y, x) + job_.first_channel;
      if (bytes == 64)
        _mm512_storeu_si512(to, codes_of(acc));
      else
        _mm512_mask_storeu_epi8(to, (std::uint64_t{1} << bytes) - 1, codes_of(acc));
    } else {
      finish_sums(acc, y, x, count);
    }
  }

 private:
  /// Scale, bias and norm of every lane, 1 and 0 where a part is missing (codes do not tell 0 from -0).
  void spread_factors() {
    const float* const from[4] = {e_.scale, e_.bias, e_.norm_scale, e_.norm_shift};
    for (int part = 0; part < 4; ++part)
      for (std::int64_t lane = 0; lane < 64; ++lane) {
        const std::int64_t channel = job_.first_channel + lane % job_.width;
        job_.factors[part * 64 + lane % 16 / 4 * 16 + lane / 16 * 4 + lane % 4] =
            from[part] != nullptr ? from[part][channel] : part % 2 == 0 ? 1.0F : 0.0F;
      }
  }

  inline __attribute__((always_inline)) __m512i rounded(__m512i acc, int quarter) const {
    const float* const factors = job_.factors + 16 * quarter;
    __m512 v = _mm512_mul_ps(_mm512_cvtepi32_ps(acc), _mm512_loadu_ps(factors));
    v = _mm512_add_ps(v, _mm512_loadu_ps(factors + 64));
    if (e_.norm_scale != nullptr)
      v = _mm512_add_ps(_mm512_mul_ps(v, _mm512_loadu_ps(factors + 128)), _mm512_loadu_ps(factors + 192));
    v = _mm512_mul_ps(v, _mm512_set1_ps(e_.inverse_scale));
    if (clamp_low_) v = _mm512_max_ps(v, _mm512_set1_ps(bounds_.low));
    return _mm512_cvtps_epi32(_mm512_min_ps(v, _mm512_set1_ps(bounds_.high)));
  }

  /// Packing saturates, which is the clamp at byte 0, and puts the lanes back in order.
  inline __attribute__((always_inline)) __m512i codes_of(const Quarters& acc) const {
    const __m512i offset = _mm512_set1_epi16(static_cast<short>(e_.offset));
    const __m512i ab = _mm512_packs_epi32(rounded(acc.a, 0), rounded(acc.b, 1));
    const __m512i cd = _mm512_packs_epi32(rounded(acc.c, 2), rounded(acc.d, 3));
    return _mm512_packus_epi16(_mm512_add_epi16(ab, offset), _mm512_add_epi16(cd, offset));
  }

  __attribute__((noinline)) void finish_sums(const Quarters& acc, std::int64_t y, std::int64_t x,
                                             std::int64_t count) const {
    alignas(64) std::int32_t quarters[64], sums[64];
    _mm512_store_si512(quarters, acc.a);
    _mm512_store_si512(quarters + 16, acc.b);
    _mm512_store_si512(quarters + 32, acc.c);
    _mm512_store_si512(quarters + 48, acc.d);
    for (int i = 0; i < 16; ++i)
      _mm_store_si128(reinterpret_cast<__m128i*>(sums + 4 * i),
                      _mm_load_si128(reinterpret_cast<const __m128i*>(quarters + i % 4 * 16 + i / 4 * 4)));
    finish(e_, sums, job_.width, y, x, count, job_.first_channel, job_.width);
  }

  const DepthwiseJob& job_;
  const Epilogue& e_;
  CodeBounds bounds_;
  bool clamp_low_, only_codes_, whole_;
};

/// One vector of lanes at `src`: neighbouring bytes, or with a stride of two every other pixel's.
struct LoadNext {
  __m512i operator()(const std::uint8_t* src, std::int64_t) const { return _mm512_loadu_si512(src); }
};
struct LoadEverySecond {
  explicit LoadEverySecond(std::int64_t width) {
    alignas(64) std::uint8_t places[64];
    for (std::int64_t lane = 0; lane < 64; ++lane)
      places[lane] = static_cast<std::uint8_t>(lane / width * 2 * width + lane % width);
    places_ = _mm512_load_si512(places);
    half_ = 32 / width;
  }
  /// The second half of the pixels' bytes is read only where there are pixels.
  __m512i operator()(const std::uint8_t* src, std::int64_t count) const {
    return _mm512_permutex2var_epi8(_mm512_loadu_si512(src), places_, _mm512_loadu_si512(src + (count > half_ ? 64 : 0)));
  }
  __m512i places_;
  std::int64_t half_;
};

/// Any kernel: groups of four taps, one after another.
template <class Load>
void run_groups(const DepthwiseJob& job, const Finish& finish, const Load& load, std::int64_t y, std::int64_t first_x) {
  for (std::int64_t x = first_x; x < job.out_w; x += job.pixels) {
    const std::int64_t count = job.out_w - x < job.pixels ? job.out_w - x : job.pixels;
    const std::uint8_t* const src = job.src + y * job.step_y + x * job.step_x;
    Quarters acc = load_quarters(job.initial);
    for (std::int64_t group = 0; group < job.groups; ++group) {
      const std::int64_t* const at = job.offsets + 4 * group;
      const Quarters words = interleave(load(src + at[0], count), load(src + at[1], count), load(src + at[2], count),
                                        load(src + at[3], count));
      add_products(acc, words, load_quarters(job.weights + 256 * group));
    }
    finish(acc, y, x, count);
  }
}

/// Kernels of three columns, a pixel a vector: neighbours share interleaved columns. Returns how far it came in the row.
template <int Stride>
std::int64_t run_columns(const DepthwiseJob& job, const Finish& finish, std::int64_t y) {
  const std::int64_t pixel = job.step_x / Stride;
  const std::uint8_t* src = job.src + y * job.step_y;
  const std::int64_t down = job.offsets[1], twice_down = job.offsets[2];
  const auto column = [&](std::int64_t i) {
    const std::uint8_t* const at = src + i * pixel;
    return interleave(_mm512_loadu_si512(at), _mm512_loadu_si512(at + down), _mm512_loadu_si512(at + twice_down),
                      _mm512_setzero_si512());
  };
  const Quarters left = load_quarters(job.weights), middle = load_quarters(job.weights + 256),
                 right = load_quarters(job.weights + 512);
  const auto pixel_at = [&](std::int64_t x, const Quarters& a, const Quarters& b, const Quarters& c) {
    Quarters acc = load_quarters(job.initial);
    add_products(acc, a, left);
    add_products(acc, b, middle);
    add_products(acc, c, right);
    finish(acc, y, x, 1);
  };
  std::int64_t x = 0;
  Quarters a = column(0);
  if constexpr (Stride == 1) {
    Quarters b = column(1);
    for (; x + 3 <= job.out_w; x += 3, src += 3 * pixel) {
      Quarters c = column(2);
      pixel_at(x, a, b, c);
      a = column(3);
      pixel_at(x + 1, b, c, a);
      b = column(4);
      pixel_at(x + 2, c, a, b);
    }
  } else {
    for (; x + 2 <= job.out_w; x += 2, src += 4 * pixel) {
      Quarters c = column(2);
      pixel_at(x, a, column(1), c);
      a = column(4);
      pixel_at(x + 1, c, column(3), a);
    }
  }
  return x;
}

}  // namespace

void run(const DepthwiseJob& job) {
  const Finish finish(job);
  for (std::int64_t y = job.first_row; y < job.last_row; ++y) {
    if (job.pixels > 1 && job.step_x == 2 * job.width) {
      run_groups(job, finish, LoadEverySecond(job.width), y, 0);
      continue;
    }
    std::int64_t x = 0;
    if (job.pixels == 1 && job.columns) {
      const std::int64_t pixel = job.offsets[4];  // from a column to the next
      if (job.step_x == pixel) x = run_columns<1>(job, finish, y);
      if (job.step_x == 2 * pixel) x = run_columns<2>(job, finish, y);
    }
    run_groups(job, finish, LoadNext(), y, x);
  }
}

}  // namespace tern::kernels::depthwise_vnni
