// Spiking neurons: if, lif.
#include "net/neuron.hpp"

#include "net/ops/ops.hpp"

namespace tern::net {
namespace ops {
namespace {

std::vector<ParameterInfo> neuron_parameters() {
  return {{"v_threshold", "float", "1", "> 0", "membrane value that fires"},
          {"v_reset", "float", "0", "", "membrane after a hard reset, and at rest"},
          {"reset", "string", "hard", "hard|soft|none", "what a spike does to the membrane"},
          {"reset_delay", "bool", "false", "", "reset acts one step late (snnTorch)"},
          {"detach_reset", "bool", "true", "", "no gradient through the spike inside the reset"},
          {"surrogate", "string", "atan",
           "atan|sigmoid|fast-sigmoid|superspike|softsign|triangle|piecewise-exp|boxcar",
           "derivative that stands in for the step's"},
          {"surrogate_alpha", "float", "0", ">= 0", "its sharpness; 0: its own default"}};
}

std::vector<ParameterInfo> lif_parameters() {
  std::vector<ParameterInfo> parameters{
      {"form", "string", "decay-input", "decay-input|no-decay-input|beta|beta-scaled", "how the membrane leaks"},
      {"tau", "float", "2", ">= 1", "time constant in steps (decay-input, no-decay-input)"},
      {"beta", "float", "0.9", "0..1", "membrane kept each step (beta, beta-scaled)"}};
  const auto shared = neuron_parameters();
  parameters.insert(parameters.end(), shared.begin(), shared.end());
  return parameters;
}

TensorType infer_neuron(const OpContext& context) {
  if (!context.src[0].has_time) context.refuse("expected an input with a time axis, got {}", to_string(context.src[0]));
  return context.src[0];
}

Work neuron_work(const OpContext&, const TensorType& dst) { return {.neuron_updates = num_elements(dst.shape)}; }

}  // namespace

const OpSpec if_neuron{
    .info = {"if", "integrate-and-fire neurons", "Lapicque 1907; Fang et al. 2023, SpikingJelly", neuron_parameters()},
    .is_temporal = true,
    .infer = infer_neuron,
    .work = neuron_work,
};

const OpSpec lif_neuron{
    .info = {"lif", "leaky integrate-and-fire neurons", "Fang et al. 2021, PLIF; Eshraghian et al. 2023, snnTorch",
             lif_parameters()},
    .is_temporal = true,
    .infer = infer_neuron,
    .work = neuron_work,
};

}  // namespace ops

NeuronDynamics neuron_dynamics(const Node& node) {
  const OpContext context{node, {}, 0};
  NeuronDynamics dynamics;
  dynamics.v_threshold = static_cast<float>(context.real("v_threshold"));
  dynamics.v_reset = dynamics.v_rest = static_cast<float>(context.real("v_reset"));
  dynamics.reset = context.text("reset");
  dynamics.reset_delay = context.flag("reset_delay");
  dynamics.detach_reset = context.flag("detach_reset");
  dynamics.surrogate = context.text("surrogate");
  dynamics.surrogate_alpha = static_cast<float>(context.real("surrogate_alpha"));
  if (node.op != "lif") return dynamics;
  const std::string& form = context.text("form");
  const double tau = context.real("tau"), beta = context.real("beta");
  if (form == "decay-input" || form == "no-decay-input") {
    dynamics.decay = static_cast<float>(1.0 - 1.0 / tau);
    dynamics.gain = form == "decay-input" ? static_cast<float>(1.0 / tau) : 1.0F;
    dynamics.offset = static_cast<float>(context.real("v_reset") / tau);
  } else {
    dynamics.decay = static_cast<float>(beta);
    dynamics.gain = form == "beta" ? 1.0F : static_cast<float>(1.0 - beta);
  }
  return dynamics;
}

}  // namespace tern::net
