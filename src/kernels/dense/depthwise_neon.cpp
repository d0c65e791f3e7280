// A tap after another: 16 lanes of codes times 16-bit weights, added to 32-bit sums.
#include <arm_neon.h>

#include "kernels/dense/depthwise_job.hpp"

namespace tern::kernels::depthwise_neon {

static void spread_weights(const DepthwiseJob& job, std::int64_t block) {
  const std::int8_t* const from = job.weights + block * job.groups * 4 * depthwise_lanes;
  for (std::int64_t tap = 0; tap < 4 * job.groups; ++tap)
    for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane)
      job.plain_weights[tap * depthwise_lanes + lane] = from[(tap / 4 * depthwise_lanes + lane) * 4 + tap % 4];
}

/// Sums of 16 lanes of all taps.
static inline void sum_half(const DepthwiseJob& job, const std::uint8_t* src, const std::int16_t* weights,
                            const std::int32_t* initial, std::int32_t* sums) {
  int32x4_t acc[4];
  for (int n = 0; n < 4; ++n) acc[n] = vld1q_s32(initial + 4 * n);
  for (std::int64_t tap = 0; tap < 4 * job.groups; ++tap, weights += depthwise_lanes) {
    const uint8x16_t codes = vld1q_u8(src + job.offsets[tap]);
    const int16x8_t low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(codes))),
                    high = vreinterpretq_s16_u16(vmovl_high_u8(codes));
    const int16x8_t w0 = vld1q_s16(weights), w1 = vld1q_s16(weights + 8);
    acc[0] = vmlal_s16(acc[0], vget_low_s16(low), vget_low_s16(w0));
    acc[1] = vmlal_high_s16(acc[1], low, w0);
    acc[2] = vmlal_s16(acc[2], vget_low_s16(high), vget_low_s16(w1));
    acc[3] = vmlal_high_s16(acc[3], high, w1);
  }
  for (int n = 0; n < 4; ++n) vst1q_s32(sums + 4 * n, acc[n]);
}

static void run_block(const DepthwiseJob& job, std::int64_t block) {
  const std::int64_t most = job.step_x == job.channels ? job.pixels : 1;  // pixels of a stride lie apart
  const std::int64_t first = block * depthwise_lanes, left = job.channels - first;
  const std::int64_t width = left < depthwise_lanes ? left : depthwise_lanes;
  const std::int64_t halves = width * most > 16 ? 2 : 1;
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    for (std::int64_t x = 0; x < job.out_w; x += most) {
      const std::uint8_t* const src = job.src + first + y * job.step_y + x * job.step_x;
      std::int32_t sums[depthwise_lanes];
      for (std::int64_t half = 0; half < halves; ++half)
        sum_half(job, src + 16 * half, job.plain_weights + 16 * half, job.initial + first + 16 * half, sums + 16 * half);
      finish(*job.epilogue, sums, width, y, x, job.out_w - x < most ? job.out_w - x : most, first, width);
    }
}

void run(const DepthwiseJob& job) {
  for (std::int64_t block = 0; block < job.blocks; ++block) {
    spread_weights(job, block);
    run_block(job, block);
  }
}

}  // namespace tern::kernels::depthwise_neon
