// Low-bit linear layers on ARM: a field of the weights and the inputs are signed bytes already. Include inside a unit's
// namespace, after <arm_neon.h>.
namespace {
#include "kernels/dot_arm.inl"

std::int32_t prepare(const std::uint8_t* src, std::int64_t ic, std::int64_t padded, std::int8_t* dst) {
  int32x4_t sums = vdupq_n_s32(0);
  std::int64_t i = 0;
  for (; i + 16 <= ic; i += 16) {
    const int8x16_t v = make_signed(vreinterpretq_s8_u8(vld1q_u8(src + i)));
    sums = vpadalq_s16(sums, vpaddlq_s8(v));
    vst1q_s8(dst + i, v);
  }
  std::int32_t total = vaddvq_s32(sums);
  for (; i < ic; ++i) {
    dst[i] = static_cast<std::int8_t>(src[i] - 128);
    total += dst[i];
  }
  for (; i < padded; ++i) dst[i] = 0;
  return total;
}

/// One pixel and 16 channels.
template <int bits>
inline void block_of(const LowBitTile& job, const std::uint8_t* w, const std::int8_t* x, std::int32_t total,
                     const std::int32_t* start, std::int32_t* dst) {
  const uint8x16_t mask = vdupq_n_u8((1 << bits) - 1);
  int32x4_t sums[4];
  for (int n = 0; n < 4; ++n) sums[n] = vsubq_s32(vld1q_s32(start + 4 * n), vdupq_n_s32((1 << (bits - 1)) * total));
  for (std::int64_t k = 0; k < job.groups; ++k, w += 64) {
    uint8x16_t packed[4];
#pragma GCC unroll 4
    for (int n = 0; n < 4; ++n) packed[n] = vld1q_u8(w + 16 * n);
#pragma GCC unroll 4
    for (int f = 0; f < 8 / bits; ++f, x += 4) {
      std::int32_t four;
      __builtin_memcpy(&four, x, 4);
      const int8x16_t inputs = vreinterpretq_s8_s32(vdupq_n_s32(four));
      const int8x16_t down = vdupq_n_s8(static_cast<std::int8_t>(-f * bits));
#pragma GCC unroll 4
      for (int n = 0; n < 4; ++n)
        sums[n] = dot_bytes(sums[n], vreinterpretq_s8_u8(vandq_u8(vshlq_u8(packed[n], down), mask)), inputs);
    }
  }
  for (int n = 0; n < 4; ++n) vst1q_s32(dst + 4 * n, sums[n]);
}

template <int bits>
void tile_of(const LowBitTile& job) {
  for (std::int64_t b = 0; b < job.blocks; ++b)
    for (std::int64_t p = 0; p < job.count; ++p)
      block_of<bits>(job, job.weights + b * job.groups * 64, job.src + p * job.groups * low_bit_group(bits),
                     job.totals[p], job.start + b * low_bit_block, job.sums + p * job.acc_pixel + b * low_bit_block);
}

void tile(const LowBitTile& job) {
  if (job.bits == 2) tile_of<2>(job);
  else tile_of<4>(job);
}

}  // namespace

extern const LowBitKernels kernels{prepare, tile};
