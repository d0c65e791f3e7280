#include "engine/layers/packed_layer.hpp"
#include "kernels/event/event_conv.hpp"

namespace tern::engine::layers {
namespace {

struct EventFamily {
  using Source = std::uint64_t;
  using Weights = kernels::EventConvWeights;
  static Weights pack(const LayerTask& task) {
    return kernels::pack_event_conv(task.shape, task.weights.data());
  }
  static std::size_t scratch_bytes(const kernels::ConvShape& shape, const Weights&) {
    return kernels::event_conv_scratch_bytes(shape);
  }
  static void run(const kernels::ConvShape& shape, const Weights& weights, const std::uint64_t* src, const kernels::Epilogue& epilogue,
                  std::int64_t first, std::int64_t last, void* scratch) {
    kernels::run_event_conv(shape, weights, src, epilogue, first, last, scratch);
  }
};

/// Neurons follow without floats in between.
class Event final : public PackedLayer<EventFamily> {
 public:
  using PackedLayer::PackedLayer;

  void run_spiking(const void* src, const kernels::EventLayer& layer, const kernels::Epilogue& epilogue,
                   std::int64_t first, std::int64_t last, void* scratch) const override {
    kernels::EventLayer job = layer;
    job.src = static_cast<const std::uint64_t*>(src);
    kernels::run_event_layer(shape_, weights_, job, epilogue, first, last, scratch);
  }
  std::size_t spiking_scratch_bytes(std::int64_t num_steps) const override {
    return kernels::event_layer_scratch_bytes(shape_, num_steps);
  }
};

bool suits(const LayerTask& task) {
  const kernels::ConvShape& s = task.shape;
  return task.source == Form::bits && s.groups == 1 && s.ic * s.taps() <= 65535;
}

}  // namespace

const LayerKernel event{"event", suits, make_layer<Event>};

}  // namespace tern::engine::layers
