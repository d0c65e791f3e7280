// if and lif: charge, fire and reset over all steps.
#include "engine/ops/ops.hpp"
#include "kernels/neuron.hpp"
#include "net/neuron.hpp"

namespace tern::engine::ops {

kernels::NeuronParameters neuron_parameters(const net::Node& node) {
  const net::NeuronDynamics dynamics = net::neuron_dynamics(node);
  kernels::NeuronParameters parameters;
  parameters.decay = dynamics.decay;
  parameters.gain = dynamics.gain;
  parameters.offset = dynamics.offset;
  parameters.v_rest = dynamics.v_rest;
  parameters.v_threshold = dynamics.v_threshold;
  parameters.v_reset = dynamics.v_reset;
  parameters.reset = dynamics.reset == "hard"   ? kernels::Reset::hard
                     : dynamics.reset == "soft" ? kernels::Reset::soft
                                                : kernels::Reset::none;
  parameters.reset_delay = dynamics.reset_delay;
  return parameters;  // surrogates belong to training
}

namespace {

class Neuron final : public ScratchOperation {
 public:
  Neuron(const net::Node& node, const net::TensorType& type)
      : parameters_(neuron_parameters(node)), size_(net::num_elements(type.shape)) {}

  void run_in(Extent extent, std::span<const float* const> src, float* dst, const Workers& workers) const override {
    const std::int64_t size = extent.n * size_;
    workers.parts(extent.num_steps * size / grain, [&](std::int64_t part, std::int64_t parts, std::byte* scratch) {
      kernels::neuron_forward_part(parameters_, extent.num_steps, size, src[0], dst, part, parts, scratch);
    });
  }
  std::size_t scratch_bytes(Extent extent) const override { return kernels::neuron_scratch_bytes(extent.num_steps); }

 private:
  static constexpr std::int64_t grain = 1 << 14;  ///< neurons times steps that are worth a thread
  kernels::NeuronParameters parameters_;
  std::int64_t size_;
};

}  // namespace

Made make_neuron(const BuildContext& context) { return std::make_unique<Neuron>(context.node, context.dst); }

}  // namespace tern::engine::ops
