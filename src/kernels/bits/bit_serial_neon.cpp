// Bit-serial convolutions with NEON: 64 input bits x 2 output channels a vector, population counts of bytes by CNT.
#include <cstdint>

#include <arm_neon.h>

#include "kernels/bits/bit_serial_kernels.hpp"
#include "kernels/epilogue_impl.hpp"

namespace tern::kernels::bits_neon {
namespace {

#include "kernels/bits/bit_gather_impl.inl"
#include "kernels/bits/bit_tile_impl.inl"

constexpr int vectors = 8;      // of two channels: 16 channels at a time
constexpr int byte_steps = 10;  // three words count up to 24 a byte, ten of them 240

inline uint8x16_t count_bytes(uint64x2_t v) { return vcntq_u8(vreinterpretq_u8_u64(v)); }

inline uint64x2_t sum_bytes(uint8x16_t bytes) { return vpaddlq_u32(vpaddlq_u16(vpaddlq_u8(bytes))); }

/// counts += popcount(w ^ x) of 16 channels over one chain.
inline __attribute__((always_inline)) void count_chain(const BitTile& job, const std::uint64_t* x, const std::uint64_t* w,
                                                       uint64x2_t (&counts)[vectors]) {
  const std::int64_t thirds = job.shape.links / 3;
  for (std::int64_t t = 0; t < thirds;) {
    const std::int64_t end = t + byte_steps < thirds ? t + byte_steps : thirds;
    uint8x16_t bytes[vectors];
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) bytes[v] = vdupq_n_u8(0);
    for (; t < end; ++t, x += 3 * job.link, w += 3 * bit_block) {
      const uint64x2_t x0 = vdupq_n_u64(x[0]), x1 = vdupq_n_u64(x[job.link]), x2 = vdupq_n_u64(x[2 * job.link]);
#pragma GCC unroll 8
      for (int v = 0; v < vectors; ++v) {
        const uint64x2_t s = veorq_u64(x0, vld1q_u64(w + 2 * v));
        const uint64x2_t b = veorq_u64(x1, vld1q_u64(w + bit_block + 2 * v));
        const uint64x2_t c = veorq_u64(x2, vld1q_u64(w + 2 * bit_block + 2 * v));
        const uint64x2_t two = vorrq_u64(vandq_u64(b, c), vbicq_u64(veorq_u64(b, c), s));
        bytes[v] = vaddq_u8(bytes[v], vaddq_u8(count_bytes(s), vshlq_n_u8(count_bytes(two), 1)));
      }
    }
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v) counts[v] = vaddq_u64(counts[v], sum_bytes(bytes[v]));
  }
  for (std::int64_t k = 3 * thirds; k < job.shape.links; ++k, x += job.link, w += bit_block) {
#pragma GCC unroll 8
    for (int v = 0; v < vectors; ++v)
      counts[v] = vaddq_u64(counts[v], sum_bytes(count_bytes(veorq_u64(vdupq_n_u64(x[0]), vld1q_u64(w + 2 * v)))));
  }
}

/// Sums of 16 channels of one pixel from their counts; even channels are in the first half of `total`.
inline void store(const BitTile& job, std::int64_t pixel, std::int64_t first, const int64x2_t (&total)[vectors],
                  std::int32_t* sums) {
  const int32x4_t x = vdupq_n_s32(job.totals != nullptr ? job.alpha * job.totals[pixel] : 0);
  const std::int32_t* const start = job.start + (job.start_rows != nullptr ? job.start_rows[pixel] : 0);
  for (int v = 0; v < vectors / 2; ++v) {
    const std::int64_t o = first + 4 * v;
    const int32x4_t counts =
        vtrn1q_s32(vreinterpretq_s32_s64(total[v]), vreinterpretq_s32_s64(total[vectors / 2 + v]));
    const int32x4_t sum = vmlsq_n_s32(vaddq_s32(x, vld1q_s32(start + o)), counts, job.step);
    vst1q_s32(sums + o, vshlq_s32(sum, vdupq_n_s32(-job.beta)));
  }
}

void sums_of(const BitTile& job, std::int64_t pixel, std::int32_t* sums) {
  const std::int64_t links = job.shape.links, words = job.shape.chains * links;
  for (std::int64_t first = 0; first < job.width; first += 16) {
    int64x2_t total[vectors];
    for (int v = 0; v < vectors; ++v) total[v] = vdupq_n_s64(0);
    for (std::int64_t k = 0; k < job.num_terms; ++k) {
      const BitTerm& term = job.terms[k];
      uint64x2_t counts[vectors];
      for (int v = 0; v < vectors; ++v) counts[v] = vdupq_n_u64(0);
      for (std::int64_t c = 0; c < job.shape.chains; ++c)
        count_chain(job, job.patches + pixel * job.pixel + term.source_plane * job.plane + c,
                    job.weights + (term.weight_plane * words + c * links) * bit_block + first, counts);
      for (int v = 0; v < vectors; ++v) {
        const int64x2_t before = vshlq_s64(total[v], vdupq_n_s64(term.shift));
        const int64x2_t count = vreinterpretq_s64_u64(counts[v]);
        total[v] = term.negative ? vsubq_s64(before, count) : vaddq_s64(before, count);
      }
    }
    store(job, pixel, first, total, sums);
  }
}

void tile(const BitTile& job) {
  for (std::int64_t p = 0; p < job.count; ++p) sums_of(job, p, job.sums + p * bit_block);
  finish_sums(job, epilogue_neon::finish);
}

/// Bits `plane` of 16 codes.
inline std::uint64_t bits_of(const std::uint8_t* codes, std::int32_t plane) {
  const uint8x16_t bit = vandq_u8(vshlq_u8(vld1q_u8(codes), vdupq_n_s8(static_cast<std::int8_t>(-plane))), vdupq_n_u8(1));
  const int8x8_t places = vcreate_s8(0x0706050403020100U);
  const uint8x16_t placed = vshlq_u8(bit, vcombine_s8(places, places));
  return static_cast<std::uint64_t>(vaddv_u8(vget_low_u8(placed))) | static_cast<std::uint64_t>(vaddv_u8(vget_high_u8(placed))) << 8;
}

void pack(const BitPack& job) {
  const std::int64_t words = (job.channels + 63) / 64;
  for (std::int64_t p = 0; p < job.places; ++p)
    for (std::int32_t plane = 0; plane < job.planes; ++plane)
      for (std::int64_t k = 0; k < words; ++k) {
        const std::uint8_t* const codes = job.codes + p * job.codes_pixel + 64 * k;
        const std::int64_t left = job.channels - 64 * k < 64 ? job.channels - 64 * k : 64;
        std::uint64_t word = 0;
        std::int64_t c = 0;
        for (; c + 16 <= left; c += 16) word |= bits_of(codes + c, plane) << c;
        for (; c < left; ++c) word |= std::uint64_t{static_cast<std::uint64_t>(codes[c]) >> plane & 1U} << c;
        job.dst[p * job.dst_pixel + plane * words + k] = word;
      }
}

}  // namespace

extern const BitKernels kernels{gather, tile, pack};

}  // namespace tern::kernels::bits_neon
