#include "engine/ceiling.hpp"

#include <vector>

#include "engine/layers/choose.hpp"

namespace tern::engine {

double dense_int8_ceiling() {
  LayerTask task;
  task.shape.ic = 256, task.shape.oc = 64;
  task.shape.out_h = 8, task.shape.out_w = 16;
  task.shape.src_pixel = 256, task.shape.src_row = 16 * 256;
  task.source_h = 8, task.source_w = 16;
  std::vector<std::int8_t> weights(static_cast<std::size_t>(task.shape.ic * task.shape.oc));
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<std::int8_t>(i % 127 + 1);
  task.weights = weights;
  double best = 0;
  for (const auto& time : measure_kernels(task))
    best = std::max(best, 2e-3 * static_cast<double>(task.shape.macs()) / time.microseconds);
  return best;
}

}  // namespace tern::engine
