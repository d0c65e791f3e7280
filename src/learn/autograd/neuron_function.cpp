#include "learn/autograd/neuron_function.hpp"

#include "kernels/surrogate.hpp"
#include "learn/neuron_reference.hpp"
#include "learn/torch.hpp"
#include "net/neuron.hpp"

namespace tern::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The same values in dense memory with the outermost dimension first: the kernels see [num_steps, size].
at::Tensor dense(const at::Tensor& tensor) {
  if (tensor.dim() != 4) return tensor.contiguous();
  return tensor.is_contiguous() ? tensor : tensor.contiguous(at::MemoryFormat::ChannelsLast);
}

/// `tensor` in the memory order of `like`.
at::Tensor in_order_of(const at::Tensor& tensor, const at::Tensor& like) {
  return tensor.contiguous(like.suggest_memory_format());
}

struct NeuronFunction : torch::autograd::Function<NeuronFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& given, std::int64_t num_steps,
                            const kernels::NeuronParameters& parameters) {
    const at::Tensor src = dense(given);
    at::Tensor spikes = at::empty_like(src);
    kernels::neuron_forward(parameters, num_steps, src.numel() / num_steps, src.data_ptr<float>(),
                            spikes.data_ptr<float>());
    ctx->save_for_backward({src});
    ctx->saved_data["num_steps"] = num_steps;
    ctx->saved_data["parameters"] = std::string(reinterpret_cast<const char*>(&parameters), sizeof parameters);
    return spikes;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const at::Tensor src = ctx->get_saved_variables()[0];
    const std::int64_t num_steps = ctx->saved_data["num_steps"].toInt();
    kernels::NeuronParameters parameters;
    std::memcpy(&parameters, ctx->saved_data["parameters"].toStringRef().data(), sizeof parameters);
    const at::Tensor grad = in_order_of(grads[0], src);
    at::Tensor grad_src = at::empty_like(src);
    kernels::neuron_backward(parameters, num_steps, src.numel() / num_steps, src.data_ptr<float>(),
                             grad.data_ptr<float>(), grad_src.data_ptr<float>());
    return {grad_src, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

kernels::NeuronParameters neuron_parameters(const net::Node& node) {
  const net::NeuronDynamics d = net::neuron_dynamics(node);
  const kernels::SurrogateInfo& surrogate = kernels::find_surrogate(d.surrogate);
  kernels::NeuronParameters p;
  p.decay = d.decay;
  p.gain = d.gain;
  p.offset = d.offset;
  p.v_rest = d.v_rest;
  p.v_threshold = d.v_threshold;
  p.v_reset = d.v_reset;
  p.reset = d.reset == "hard" ? kernels::Reset::hard : d.reset == "soft" ? kernels::Reset::soft : kernels::Reset::none;
  p.reset_delay = d.reset_delay;
  p.detach_reset = d.detach_reset;
  p.surrogate = surrogate.kind;
  p.surrogate_alpha = d.surrogate_alpha > 0 ? d.surrogate_alpha : surrogate.default_alpha;
  return p;
}

at::Tensor neuron(const at::Tensor& src, std::int64_t num_steps, const kernels::NeuronParameters& parameters) {
  if (!src.device().is_cpu()) return neuron_reference(src, num_steps, parameters);
  return NeuronFunction::apply(src, num_steps, parameters);
}

}  // namespace tern::learn
