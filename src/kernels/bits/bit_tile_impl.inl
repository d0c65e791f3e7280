// Sums of a tile's pixels through the unit's finish, row by row; include inside a unit's namespace, after <cstdint>,
// kernels/epilogue_impl.hpp and kernels/bits/bit_serial_kernels.hpp.

static inline void finish_sums(const BitTile& job, void (*finish)(const FinishJob&)) {
  std::int64_t y = job.y, x = job.x;
  for (std::int64_t p = 0; p < job.count;) {
    const std::int64_t run = job.count - p < job.out_w - x ? job.count - p : job.out_w - x;
    finish({*job.epilogue, job.sums + p * bit_block, nullptr, bit_block, y, x, run, job.channel, job.width});
    p += run;
    x = 0, ++y;
  }
}
