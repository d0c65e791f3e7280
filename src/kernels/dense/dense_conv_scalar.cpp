// The plain kernel: what every other unit of run_dense computes.
#include <algorithm>

#include "kernels/dense/dense_job.hpp"

namespace tern::kernels::dense_scalar {
#include "kernels/dense/dense_unpack.inl"

void run(const DenseJob& job) {
  for (std::int64_t pixel = job.first_pixel; pixel < job.last_pixel; ++pixel) {
    const std::int64_t y = pixel / job.out_w, x = pixel % job.out_w;
    const std::uint8_t* const src = job.src + y * job.step_y + x * job.step_x;
    const std::int8_t* weights = job.weights;
    for (std::int64_t block = 0; block < job.blocks; ++block) {
      std::int32_t acc[dense_channels];
      std::copy_n(job.initial + block * dense_channels, dense_channels, acc);
      for (const DenseRun* run = job.runs; run != job.runs + job.num_runs; ++run)
        for (std::int64_t word = 0; word < run->words; ++word, weights += dense_word) {
          const std::uint8_t* const from = src + run->src + 4 * word;
          for (int o = 0; o < dense_channels; ++o)
            for (int i = 0; i < 4; ++i) acc[o] += from[i] * weights[4 * o + i];
        }
      const std::int64_t first = job.first_channel + block * dense_channels;
      const std::int64_t width = std::min(dense_channels, job.epilogue->channels - first);
      finish(*job.epilogue, acc, dense_channels, y, x, 1, first, width);
    }
  }
}

}  // namespace tern::kernels::dense_scalar
