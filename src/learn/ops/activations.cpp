// Activations and layer norm. relu6, hard_sigmoid, hard_swish and leaky_relu round as the engine does;
// sigmoid, silu and gelu agree within the rounding of exp and erf.
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {

at::Tensor relu6(OpCall& call) { return at::hardtanh(call.src[0], 0.0, 6.0); }
at::Tensor sigmoid(OpCall& call) { return at::sigmoid(call.src[0]); }
at::Tensor hard_sigmoid(OpCall& call) { return at::hardsigmoid(call.src[0]); }
at::Tensor silu(OpCall& call) { return at::silu(call.src[0]); }
at::Tensor hard_swish(OpCall& call) { return at::hardswish(call.src[0]); }
at::Tensor leaky_relu(OpCall& call) { return at::leaky_relu(call.src[0], call.context().real("slope")); }

at::Tensor elu(OpCall& call) { return at::elu(call.src[0], call.context().real("alpha")); }
at::Tensor gelu(OpCall& call) { return at::gelu(call.src[0]); }
at::Tensor tanh(OpCall& call) { return at::tanh(call.src[0]); }

at::Tensor layer_norm(OpCall& call) {
  const at::Tensor gain = call.model.parameter(call.node.name, "weight").effective();
  const at::Tensor shift = call.model.parameter(call.node.name, "bias").effective();
  return at::layer_norm(call.src[0], {call.src[0].size(-1)}, gain, shift, call.context().real("eps"));
}

}  // namespace tern::learn::ops
