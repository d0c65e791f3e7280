// A new kernel is one file here and one line below.
#include <algorithm>

#include "engine/layers/layer.hpp"

namespace tern::engine {

double LayerTask::zeros() const {
  return static_cast<double>(std::count(weights.begin(), weights.end(), 0)) / static_cast<double>(weights.size());
}

std::span<const LayerKernel> layer_kernels() {
  static const LayerKernel table[] = {layers::identity, layers::dense, layers::depthwise, layers::grouped, layers::sparse, layers::event, layers::bit_serial, layers::low_bit, layers::plain};
  return table;
}

}  // namespace tern::engine
