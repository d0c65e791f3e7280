#include "engine/layers/layer.hpp"
#include "kernels/sparse/sparse_conv.hpp"

namespace tern::engine::layers {
namespace {

class Sparse final : public Layer {
 public:
  explicit Sparse(const LayerTask& task)
      : shape_(task.shape), weights_(kernels::pack_sparse_conv(task.shape, task.weights.data(), task.source_offset)) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void* scratch) const override {
    kernels::run_sparse_conv(shape_, weights_, static_cast<const std::uint8_t*>(src), epilogue, first, last, scratch);
  }
  std::size_t scratch_bytes() const override { return kernels::sparse_conv_scratch_bytes(shape_, weights_); }
  std::size_t weight_bytes() const override { return weights_.bytes(); }

 private:
  Facts spiking_facts() const override { return {shape_, 1}; }

  kernels::ConvShape shape_;
  kernels::SparseConvWeights weights_;
};

/// Four weights side by side are a word, and a word of an output channel has 16 bits to be found by.
bool suits(const LayerTask& task) {
  const kernels::ConvShape& s = task.shape;
  return task.source == Form::codes && s.groups == 1 && (s.ic + 3) / 4 * s.taps() <= 65536 && task.zeros() >= 0.25;
}

}  // namespace

const LayerKernel sparse{"sparse", suits, [](const LayerTask& task) -> std::unique_ptr<Layer> {
                           return std::make_unique<Sparse>(task);
                         }};

}  // namespace tern::engine::layers
