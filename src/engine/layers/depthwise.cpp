#include "engine/layers/packed_layer.hpp"
#include "kernels/dense/depthwise.hpp"

namespace tern::engine::layers {
namespace {

struct Depthwise {
  using Source = std::uint8_t;
  using Weights = kernels::DepthwiseWeights;
  static Weights pack(const LayerTask& task) {
    return kernels::pack_depthwise(task.shape, task.weights.data(), task.source_offset);
  }
  static std::size_t scratch_bytes(const kernels::ConvShape& shape, const Weights& weights) {
    return kernels::depthwise_scratch_bytes(shape, weights);
  }
  static void run(const kernels::ConvShape& shape, const Weights& weights, const std::uint8_t* src, const kernels::Epilogue& epilogue,
                  std::int64_t first, std::int64_t last, void* scratch) {
    kernels::run_depthwise(shape, weights, src, epilogue, first, last, scratch);
  }
};

bool suits(const LayerTask& task) {
  const kernels::ConvShape& s = task.shape;
  return task.source == Form::codes && s.groups > 1 && s.groups == s.ic && s.ic == s.oc;
}

}  // namespace

const LayerKernel depthwise{"depthwise", suits, make_layer<PackedLayer<Depthwise>>};

}  // namespace tern::engine::layers
