// The plain kernel: what every other unit of run_depthwise computes, a tap after another in loops over lanes.
#include "kernels/dense/depthwise_job.hpp"

namespace tern::kernels::depthwise_scalar {

static void spread_weights(const DepthwiseJob& job, std::int64_t block) {
  const std::int8_t* const from = job.weights + block * job.groups * 4 * depthwise_lanes;
  for (std::int64_t tap = 0; tap < 4 * job.groups; ++tap)
    for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane)
      job.plain_weights[tap * depthwise_lanes + lane] =
          from[(tap / 4 * depthwise_lanes + lane) * 4 + tap % 4];
}

static void add_tap(const std::uint8_t* src, const std::int16_t* weights, std::int64_t count,
                    std::int32_t* acc) {
  if (count == depthwise_lanes)
    for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane) acc[lane] += src[lane] * weights[lane];
  else
    for (std::int64_t lane = 0; lane < count; ++lane) acc[lane] += src[lane] * weights[lane];
}

static void run_block(const DepthwiseJob& job, std::int64_t block) {
  const std::int64_t most = job.step_x == job.channels ? job.pixels : 1;  // pixels of a stride lie apart
  const std::int64_t first = block * depthwise_lanes, left = job.channels - first;
  const std::int64_t width = left < depthwise_lanes ? left : depthwise_lanes;
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    for (std::int64_t x = 0; x < job.out_w; x += most) {
      const std::int64_t count = job.out_w - x < most ? job.out_w - x : most;
      const std::uint8_t* const src = job.src + first + y * job.step_y + x * job.step_x;
      std::int32_t acc[depthwise_lanes];
      for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane) acc[lane] = job.initial[first + lane];
      for (std::int64_t tap = 0; tap < 4 * job.groups; ++tap)
        add_tap(src + job.offsets[tap], job.plain_weights + tap * depthwise_lanes, count * width, acc);
      finish(*job.epilogue, acc, width, y, x, count, first, width);
    }
}

void run(const DepthwiseJob& job) {
  for (std::int64_t block = 0; block < job.blocks; ++block) {
    spread_weights(job, block);
    run_block(job, block);
  }
}

}  // namespace tern::kernels::depthwise_scalar
