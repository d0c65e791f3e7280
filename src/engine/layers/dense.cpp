#include "engine/layers/layer.hpp"
#include "kernels/dense/dense_conv.hpp"

namespace tern::engine::layers {
namespace {

class Dense final : public Layer {
 public:
  explicit Dense(const LayerTask& task)
      : shape_(task.shape), weights_(kernels::pack_dense(task.shape, task.weights.data(), task.source_offset)) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void* scratch) const override {
    kernels::run_dense(shape_, weights_, static_cast<const std::uint8_t*>(src), epilogue, first, last, scratch);
  }
  std::size_t scratch_bytes() const override { return kernels::dense_scratch_bytes(shape_, weights_); }
  std::size_t weight_bytes() const override { return weights_.bytes(); }

 private:
  Facts spiking_facts() const override { return {shape_, 1}; }

  kernels::ConvShape shape_;
  kernels::DenseWeights weights_;
};

}  // namespace

const LayerKernel dense{"dense",
                        [](const LayerTask& task) { return task.source == Form::codes && task.shape.groups == 1; },
                        [](const LayerTask& task) -> std::unique_ptr<Layer> { return std::make_unique<Dense>(task); }};

}  // namespace tern::engine::layers
