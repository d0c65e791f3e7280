#include "engine/layers/layer.hpp"
#include "kernels/dense/grouped.hpp"

namespace tern::engine::layers {
namespace {

class Grouped final : public Layer {
 public:
  explicit Grouped(const LayerTask& task)
      : shape_(task.shape), weights_(kernels::pack_grouped(task.shape, task.weights.data(), task.source_offset)) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void* scratch) const override {
    kernels::run_grouped(shape_, weights_, static_cast<const std::uint8_t*>(src), epilogue, first, last, scratch);
  }
  std::size_t scratch_bytes() const override { return kernels::grouped_scratch_bytes(shape_, weights_); }
  std::size_t weight_bytes() const override { return weights_.bytes(); }

 private:
  Facts spiking_facts() const override { return {shape_, 1}; }

  kernels::ConvShape shape_;
  kernels::GroupedWeights weights_;
};

}  // namespace

const LayerKernel grouped{"grouped",
                          [](const LayerTask& task) { return task.source == Form::codes && task.shape.groups > 1; },
                          [](const LayerTask& task) -> std::unique_ptr<Layer> { return std::make_unique<Grouped>(task); }};

}  // namespace tern::engine::layers
