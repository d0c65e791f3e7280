// if, lif and batch_norm, which a neuron absorbs where it can.
#include "learn/autograd/batch_norm_neuron.hpp"
#include "learn/autograd/neuron_function.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

NormTensors norm_tensors(const OpCall& call, const net::Node& node) {
  const net::OpContext context = call.model.net().context(node);
  return {call.model.parameter(node.name, "weight").latent,       call.model.parameter(node.name, "bias").latent,
          call.model.parameter(node.name, "running_mean").latent, call.model.parameter(node.name, "running_var").latent,
          context.real("eps"),                                    context.real("momentum")};
}

}  // namespace

at::Tensor batch_norm(OpCall& call) {
  const NormTensors norm = norm_tensors(call, call.node);
  if (!call.options.training || !call.options.frozen_norms)
    return learn::batch_norm(call.src[0], norm, call.options.training);
  return at::batch_norm(call.src[0], norm.gamma, norm.beta, norm.running_mean, norm.running_var, false, 0.0, norm.eps,
                        false);
}

at::Tensor neuron(OpCall& call) {
  const kernels::NeuronParameters parameters = neuron_parameters(call.node);
  if (!call.fused_norm) return learn::neuron(call.src[0], call.num_steps, parameters);
  return batch_norm_neuron(call.src[0], call.num_steps, norm_tensors(call, *call.fused_norm), parameters,
                           call.options.training);
}

}  // namespace tern::learn::ops
