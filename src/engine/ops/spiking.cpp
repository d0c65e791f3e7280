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

class Neuron final : public Operation {
 public:
  Neuron(const net::Node& node, const net::TensorType& type)
      : parameters_(neuron_parameters(node)), size_(net::num_elements(type.shape)) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    kernels::neuron_forward(parameters_, extent.num_steps, extent.n * size_, src[0], dst);
  }

 private:
  kernels::NeuronParameters parameters_;
  std::int64_t size_;
};

}  // namespace

Made make_neuron(const BuildContext& context) { return std::make_unique<Neuron>(context.node, context.dst); }

}  // namespace tern::engine::ops
