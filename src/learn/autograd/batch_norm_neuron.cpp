#include "learn/autograd/batch_norm_neuron.hpp"

#include <cstring>

#include "kernels/batch_norm.hpp"
#include "learn/neuron_reference.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor dense(const at::Tensor& tensor) {
  return tensor.dim() == 4 ? tensor.contiguous(at::MemoryFormat::ChannelsLast) : tensor.contiguous();
}

/// Scale and shift that stand for the normalisation, and what backward needs of its statistics.
struct Folded {
  at::Tensor scale, shift, mean, inv_std;
};

Folded fold(const NormTensors& norm, const at::Tensor& mean, const at::Tensor& var) {
  Folded folded{at::empty_like(mean), at::empty_like(mean), mean, at::empty_like(mean)};
  kernels::fold_batch_norm(mean.numel(), norm.gamma.data_ptr<float>(), norm.beta.data_ptr<float>(),
                           mean.data_ptr<float>(), var.data_ptr<float>(), static_cast<float>(norm.eps),
                           folded.scale.data_ptr<float>(), folded.shift.data_ptr<float>(),
                           folded.inv_std.data_ptr<float>());
  return folded;
}

Folded fold_batch(const at::Tensor& src, const NormTensors& norm) {
  const std::int64_t channels = src.size(1), rows = src.numel() / channels;
  at::Tensor mean = at::empty({channels}, at::kFloat), var = at::empty({channels}, at::kFloat);
  kernels::batch_norm_statistics(rows, channels, src.data_ptr<float>(), mean.data_ptr<float>(), var.data_ptr<float>());
  const double unbiased = rows > 1 ? static_cast<double>(rows) / static_cast<double>(rows - 1) : 1.0;
  at::Tensor running_mean = norm.running_mean, running_var = norm.running_var;
  running_mean.mul_(1 - norm.momentum).add_(mean, norm.momentum);
  running_var.mul_(1 - norm.momentum).add_(var, norm.momentum * unbiased);
  return fold(norm, mean, var);
}

at::Tensor apply_affine(const at::Tensor& src, const Folded& folded) {
  at::Tensor dst = at::empty_like(src);
  kernels::affine_forward(src.numel() / src.size(1), src.size(1), src.data_ptr<float>(),
                          folded.scale.data_ptr<float>(), folded.shift.data_ptr<float>(), dst.data_ptr<float>());
  return dst;
}

at::Tensor apply_affine_neuron(const at::Tensor& src, std::int64_t num_steps, const Folded& folded,
                               const kernels::NeuronParameters& parameters) {
  at::Tensor spikes = at::empty_like(src);
  const std::int64_t channels = src.size(1);
  kernels::affine_neuron_forward(parameters, num_steps, src.numel() / channels / num_steps, channels,
                                 src.data_ptr<float>(), folded.scale.data_ptr<float>(), folded.shift.data_ptr<float>(),
                                 spikes.data_ptr<float>());
  return spikes;
}

/// The gradient of the normalised values and its sums -> {grad_src, grad_gamma, grad_beta}; grad_src may be the
/// first gradient itself.
variable_list finish_backward(const at::Tensor& src, const at::Tensor& gamma, const at::Tensor& mean,
                              const at::Tensor& inv_std, const at::Tensor& grad_current, const at::Tensor& sum_grad,
                              const at::Tensor& sum_grad_x, const at::Tensor& grad_src) {
  const std::int64_t channels = src.size(1);
  kernels::batch_norm_backward_input(src.numel() / channels, channels, src.data_ptr<float>(),
                                     grad_current.data_ptr<float>(), mean.data_ptr<float>(), inv_std.data_ptr<float>(),
                                     gamma.data_ptr<float>(), sum_grad.data_ptr<float>(), sum_grad_x.data_ptr<float>(),
                                     grad_src.data_ptr<float>());
  return {grad_src, (sum_grad_x - mean * sum_grad) * inv_std, sum_grad};
}

struct BatchNormFunction : torch::autograd::Function<BatchNormFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& src, const at::Tensor& gamma, const at::Tensor&,
                            const NormTensors& norm) {
    const Folded folded = fold_batch(src, norm);
    ctx->save_for_backward({src, gamma, folded.mean, folded.inv_std});
    return apply_affine(src, folded);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor& src = saved[0];
    const at::Tensor grad = dense(grads[0]);
    at::Tensor sum_grad = at::empty_like(saved[2]), sum_grad_x = at::empty_like(saved[2]);
    kernels::batch_norm_backward_sums(src.numel() / src.size(1), src.size(1), src.data_ptr<float>(),
                                      grad.data_ptr<float>(), sum_grad.data_ptr<float>(), sum_grad_x.data_ptr<float>());
    auto result = finish_backward(src, saved[1], saved[2], saved[3], grad, sum_grad, sum_grad_x,
                                  at::empty_like(src));
    result.emplace_back();
    return result;
  }
};

struct BatchNormNeuronFunction : torch::autograd::Function<BatchNormNeuronFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& src, const at::Tensor& gamma, const at::Tensor&,
                            const NormTensors& norm, std::int64_t num_steps,
                            const kernels::NeuronParameters& parameters) {
    const Folded folded = fold_batch(src, norm);
    ctx->save_for_backward({src, gamma, folded.mean, folded.inv_std, folded.scale, folded.shift});
    ctx->saved_data["num_steps"] = num_steps;
    ctx->saved_data["parameters"] = std::string(reinterpret_cast<const char*>(&parameters), sizeof parameters);
    return apply_affine_neuron(src, num_steps, folded, parameters);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor& src = saved[0];
    const std::int64_t num_steps = ctx->saved_data["num_steps"].toInt(), channels = src.size(1);
    kernels::NeuronParameters parameters;
    std::memcpy(&parameters, ctx->saved_data["parameters"].toStringRef().data(), sizeof parameters);
    const at::Tensor grad_spikes = dense(grads[0]);
    at::Tensor grad_current = at::empty_like(src);
    at::Tensor sum_grad = at::empty_like(saved[2]), sum_grad_x = at::empty_like(saved[2]);
    kernels::affine_neuron_backward(parameters, num_steps, src.numel() / channels / num_steps, channels,
                                    src.data_ptr<float>(), saved[4].data_ptr<float>(), saved[5].data_ptr<float>(),
                                    grad_spikes.data_ptr<float>(), grad_current.data_ptr<float>(),
                                    sum_grad.data_ptr<float>(), sum_grad_x.data_ptr<float>());
    auto result =
        finish_backward(src, saved[1], saved[2], saved[3], grad_current, sum_grad, sum_grad_x, grad_current);
    result.resize(6);
    return result;
  }
};

/// Plain torch operations: for other devices than the CPU.
at::Tensor batch_norm_torch(const at::Tensor& src, const NormTensors& norm, bool training) {
  return at::batch_norm(src, norm.gamma, norm.beta, norm.running_mean, norm.running_var, training, norm.momentum,
                        norm.eps, false);
}

}  // namespace

at::Tensor batch_norm(const at::Tensor& given, const NormTensors& norm, bool training) {
  if (!given.device().is_cpu()) return batch_norm_torch(given, norm, training);
  const at::Tensor src = dense(given);
  if (training) return BatchNormFunction::apply(src, norm.gamma, norm.beta, norm);
  return apply_affine(src, fold(norm, norm.running_mean, norm.running_var));
}

at::Tensor batch_norm_neuron(const at::Tensor& given, std::int64_t num_steps, const NormTensors& norm,
                             const kernels::NeuronParameters& parameters, bool training) {
  if (!given.device().is_cpu())
    return neuron_reference(batch_norm_torch(given, norm, training), num_steps, parameters);
  const at::Tensor src = dense(given);
  if (training) return BatchNormNeuronFunction::apply(src, norm.gamma, norm.beta, norm, num_steps, parameters);
  return apply_affine_neuron(src, num_steps, fold(norm, norm.running_mean, norm.running_var), parameters);
}

}  // namespace tern::learn
