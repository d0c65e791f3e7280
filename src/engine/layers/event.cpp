#include "engine/layers/layer.hpp"
#include "kernels/event/event_conv.hpp"

namespace tern::engine::layers {
namespace {

class Event final : public Layer {
 public:
  explicit Event(const LayerTask& task)
      : shape_(task.shape), weights_(kernels::pack_event_conv(task.shape, task.weights.data())) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void* scratch) const override {
    kernels::run_event_conv(shape_, weights_, static_cast<const std::uint64_t*>(src), epilogue, first, last, scratch);
  }
  std::size_t scratch_bytes() const override { return kernels::event_conv_scratch_bytes(shape_); }
  std::size_t weight_bytes() const override { return weights_.bytes(); }

  void run_spiking(const void* src, const kernels::EventLayer& layer, const kernels::Epilogue& epilogue,
                   std::int64_t first, std::int64_t last, void* scratch) const override {
    kernels::EventLayer job = layer;
    job.src = static_cast<const std::uint64_t*>(src);
    kernels::run_event_layer(shape_, weights_, job, epilogue, first, last, scratch);
  }
  std::size_t spiking_scratch_bytes(std::int64_t num_steps) const override {
    return kernels::event_layer_scratch_bytes(shape_, num_steps);
  }

 private:
  Facts spiking_facts() const override { return {shape_, 8}; }

  kernels::ConvShape shape_;
  kernels::EventConvWeights weights_;
};

}  // namespace

const LayerKernel event{"event",
                        [](const LayerTask& task) {
                          const kernels::ConvShape& s = task.shape;
                          return task.source == Form::bits && s.groups == 1 && s.ic * s.taps() <= 65535;
                        },
                        [](const LayerTask& task) -> std::unique_ptr<Layer> { return std::make_unique<Event>(task); }};

}  // namespace tern::engine::layers
