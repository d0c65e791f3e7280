#include "engine/layers/packed_layer.hpp"
#include "kernels/sparse/sparse_conv.hpp"

namespace tern::engine::layers {
namespace {

struct Sparse {
  using Source = std::uint8_t;
  using Weights = kernels::SparseConvWeights;
  static Weights pack(const LayerTask& task) {
    return kernels::pack_sparse_conv(task.shape, task.weights.data(), task.source_offset);
  }
  static std::size_t scratch_bytes(const kernels::ConvShape& shape, const Weights& weights) {
    return kernels::sparse_conv_scratch_bytes(shape, weights);
  }
  static void run(const kernels::ConvShape& shape, const Weights& weights, const std::uint8_t* src, const kernels::Epilogue& epilogue,
                  std::int64_t first, std::int64_t last, void* scratch) {
    kernels::run_sparse_conv(shape, weights, src, epilogue, first, last, scratch);
  }
};

bool suits(const LayerTask& task) {
  const kernels::ConvShape& s = task.shape;
  return task.source == Form::codes && s.groups == 1 && kernels::fits_sparse_conv(s) && task.zeros() >= 0.25;
}

}  // namespace

const LayerKernel sparse{"sparse", suits, make_layer<PackedLayer<Sparse>>};

}  // namespace tern::engine::layers
