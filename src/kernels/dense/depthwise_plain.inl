// run of one instruction set by the compiler's own vectors: a lane a channel (and pixel), a tap after another.
// Include inside the unit's namespace.

/// Weights as 16-bit integers, [tap][lane].
static void spread_weights(const DepthwiseJob& job) {
  for (std::int64_t tap = 0; tap < 4 * job.groups; ++tap)
    for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane) {
      const std::int64_t place = lane % 16 / 4 * 16 + lane / 16 * 4 + lane % 4;
      job.plain_weights[tap * depthwise_lanes + lane] = job.weights[(tap / 4 * 64 + place) * 4 + tap % 4];
    }
}

static void add_tap(const std::uint8_t* src, const std::int16_t* weights, std::int64_t count, std::int32_t* acc) {
  if (count == depthwise_lanes)
    for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane) acc[lane] += src[lane] * weights[lane];
  else
    for (std::int64_t lane = 0; lane < count; ++lane) acc[lane] += src[lane] * weights[lane];
}

void run(const DepthwiseJob& job) {
  spread_weights(job);
  std::int32_t initial[depthwise_lanes];
  for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane)
    initial[lane] = job.initial[lane % 16 / 4 * 16 + lane / 16 * 4 + lane % 4];
  const std::int64_t most = job.step_x == job.width ? job.pixels : 1;  // pixels of a stride lie apart
  for (std::int64_t y = job.first_row; y < job.last_row; ++y)
    for (std::int64_t x = 0; x < job.out_w; x += most) {
      const std::int64_t count = job.out_w - x < most ? job.out_w - x : most;
      const std::uint8_t* const src = job.src + y * job.step_y + x * job.step_x;
      std::int32_t acc[depthwise_lanes];
      for (std::int64_t lane = 0; lane < depthwise_lanes; ++lane) acc[lane] = initial[lane];
      for (std::int64_t tap = 0; tap < 4 * job.groups; ++tap)
        add_tap(src + job.offsets[tap], job.plain_weights + tap * depthwise_lanes, count * job.width, acc);
      finish(*job.epilogue, acc, job.width, y, x, count, job.first_channel, job.width);
    }
}
