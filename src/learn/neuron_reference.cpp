#include "learn/neuron_reference.hpp"

#include <cmath>
#include <vector>

#include "learn/torch.hpp"

namespace tern::learn {
namespace {

using kernels::NeuronParameters;
using kernels::Reset;
using kernels::SurrogateKind;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor derivative(SurrogateKind kind, const at::Tensor& x, double a) {
  switch (kind) {
    case SurrogateKind::atan: return (a / 2) / (1 + (x * (M_PI * a / 2)).square());
    case SurrogateKind::sigmoid: {
      const at::Tensor s = (x * a).sigmoid();
      return a * s * (1 - s);
    }
    case SurrogateKind::fast_sigmoid: return 1 / (1 + a * x.abs()).square();
    case SurrogateKind::superspike: return a / (1 + x.abs()).square();
    case SurrogateKind::softsign: return a / (2 * (1 + (a * x).abs()).square());
    case SurrogateKind::triangle: return (a - a * a * x.abs()).clamp_min(0);
    case SurrogateKind::piecewise_exp: return (a / 2) * (-a * x.abs()).exp();
    case SurrogateKind::boxcar: return (x.abs() < 0.5).to(x.scalar_type());
  }
  return {};
}

/// Step forward, surrogate backward.
struct Spike : torch::autograd::Function<Spike> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, std::int64_t kind, double alpha) {
    ctx->save_for_backward({x});
    ctx->saved_data["kind"] = kind;
    ctx->saved_data["alpha"] = alpha;
    return (x >= 0).to(x.scalar_type());
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto kind = static_cast<SurrogateKind>(ctx->saved_data["kind"].toInt());
    const at::Tensor x = ctx->get_saved_variables()[0];
    return {grads[0] * derivative(kind, x, ctx->saved_data["alpha"].toDouble()), at::Tensor(), at::Tensor()};
  }
};

at::Tensor reset(const NeuronParameters& p, const at::Tensor& h, const at::Tensor& spike) {
  const at::Tensor s = p.detach_reset ? spike.detach() : spike;
  if (p.reset == Reset::hard) return s * p.v_reset + (1 - s) * h;
  if (p.reset == Reset::soft) return h - s * p.v_threshold;
  return h;
}

}  // namespace

at::Tensor neuron_reference(const at::Tensor& src, std::int64_t num_steps, const NeuronParameters& p) {
  std::vector<at::Tensor> spikes;
  at::Tensor v = at::full_like(src.narrow(0, 0, src.size(0) / num_steps), p.v_rest), last_spike;
  for (const at::Tensor& x : src.chunk(num_steps)) {
    at::Tensor h = p.decay * v + (p.gain * x + p.offset);
    if (p.reset_delay && last_spike.defined()) h = reset(p, h, last_spike);
    last_spike = Spike::apply(h - p.v_threshold, static_cast<std::int64_t>(p.surrogate), p.surrogate_alpha);
    spikes.push_back(last_spike);
    v = p.reset_delay ? h : reset(p, h, last_spike);
  }
  return at::cat(spikes);
}

}  // namespace tern::learn
