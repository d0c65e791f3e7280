#include "engine/layers/layer.hpp"
#include "kernels/dense/depthwise.hpp"

namespace tern::engine::layers {
namespace {

class Depthwise final : public Layer {
 public:
  explicit Depthwise(const LayerTask& task)
      : shape_(task.shape), weights_(kernels::pack_depthwise(task.shape, task.weights.data(), task.source_offset)) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void* scratch) const override {
    kernels::run_depthwise(shape_, weights_, static_cast<const std::uint8_t*>(src), epilogue, first, last, scratch);
  }
  std::size_t scratch_bytes() const override { return kernels::depthwise_scratch_bytes(shape_, weights_); }
  std::size_t weight_bytes() const override { return weights_.bytes(); }

 private:
  Facts spiking_facts() const override { return {shape_, 1}; }

  kernels::ConvShape shape_;
  kernels::DepthwiseWeights weights_;
};

}  // namespace

const LayerKernel depthwise{"depthwise",
                            [](const LayerTask& task) {
                              const kernels::ConvShape& s = task.shape;
                              return task.source == Form::codes && s.groups > 1 && s.groups == s.ic && s.ic == s.oc;
                            },
                            [](const LayerTask& task) -> std::unique_ptr<Layer> {
                              return std::make_unique<Depthwise>(task);
                            }};

}  // namespace tern::engine::layers
