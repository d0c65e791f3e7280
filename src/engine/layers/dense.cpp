#include "engine/layers/packed_layer.hpp"
#include "kernels/dense/dense_conv.hpp"

namespace tern::engine::layers {
namespace {

struct Dense {
  using Source = std::uint8_t;
  using Weights = kernels::DenseWeights;
  static Weights pack(const LayerTask& task) {
    return kernels::pack_dense(task.shape, task.weights.data(), task.source_offset);
  }
  static std::size_t scratch_bytes(const kernels::ConvShape& shape, const Weights& weights) {
    return kernels::dense_scratch_bytes(shape, weights);
  }
  static void run(const kernels::ConvShape& shape, const Weights& weights, const std::uint8_t* src, const kernels::Epilogue& epilogue,
                  std::int64_t first, std::int64_t last, void* scratch) {
    kernels::run_dense(shape, weights, src, epilogue, first, last, scratch);
  }
};

}  // namespace

const LayerKernel dense{"dense",
                        [](const LayerTask& task) { return task.source == Form::codes && task.shape.groups == 1; },
                        make_layer<PackedLayer<Dense>>};

}  // namespace tern::engine::layers
