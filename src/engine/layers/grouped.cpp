#include "engine/layers/packed_layer.hpp"
#include "kernels/dense/grouped.hpp"

namespace tern::engine::layers {
namespace {

struct Grouped {
  using Source = std::uint8_t;
  using Weights = kernels::GroupedWeights;
  static Weights pack(const LayerTask& task) {
    return kernels::pack_grouped(task.shape, task.weights.data(), task.source_offset);
  }
  static std::size_t scratch_bytes(const kernels::ConvShape& shape, const Weights& weights) {
    return kernels::grouped_scratch_bytes(shape, weights);
  }
  static void run(const kernels::ConvShape& shape, const Weights& weights, const std::uint8_t* src, const kernels::Epilogue& epilogue,
                  std::int64_t first, std::int64_t last, void* scratch) {
    kernels::run_grouped(shape, weights, src, epilogue, first, last, scratch);
  }
};

}  // namespace

const LayerKernel grouped{"grouped",
                          [](const LayerTask& task) { return task.source == Form::codes && task.shape.groups > 1; },
                          make_layer<PackedLayer<Grouped>>};

}  // namespace tern::engine::layers
