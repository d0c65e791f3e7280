#include "compress/posttrain/adaquant.hpp"

#include <algorithm>

#include "compress/posttrain/adam.hpp"
#include "compress/posttrain/float_twin.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

struct Fitted {
  at::Tensor codes, scale;  // scale as stored
  double error = 0;
};

at::Tensor masked(const at::Tensor& codes, const WeightGrid& grid) {
  return grid.mask.defined() ? codes * grid.mask : codes;
}

Fitted fit(const LayerMoments& moments, const net::OpContext& context, const at::Tensor& weight,
           const WeightGrid& grid, const AdaQuantOptions& options) {
  const OutputError output_error(moments, by_groups(weight, context));
  at::Tensor steps = (weight / grid.scale).detach().contiguous().set_requires_grad(true);
  at::Tensor growth = at::zeros_like(grid.stored).set_requires_grad(true);
  Adam adam({steps, growth}, {options.rate, options.scale_rate});
  Fitted best{grid.codes, grid.stored};
  best.error = output_error(by_groups(grid.codes * grid.scale, context)).item<double>();
  const double unit = std::max(1e-30, best.error);
  for (int i = 0; i < options.iterations; ++i) {
    const at::Tensor scale = grid.stored * growth.exp();
    const at::Tensor inside = (steps / broadcast_scale(growth.exp(), weight.sizes())).clamp(grid.low, grid.high);
    const at::Tensor codes = masked(inside + (inside.round() - inside).detach(), grid);
    const at::Tensor error = output_error(by_groups(codes * broadcast_scale(scale, weight.sizes()), context));
    if (const double value = error.item<double>(); value < best.error)
      best = {codes.detach().round(), scale.detach().clone(), value};
    adam.step(torch::autograd::grad({error / unit}, {steps, growth}));
  }
  return best;
}

/// E[W x] - E[V y] of each output channel.
at::Tensor mean_error(const LayerMoments& moments, const at::Tensor& w, const at::Tensor& v) {
  return ((w * moments.x.unsqueeze(1)).sum(2) - (v * moments.y.unsqueeze(1)).sum(2)).flatten();
}

/// Squared error with biases that differ by `drift` (float less quantized).
double error_with_bias(const LayerMoments& moments, const at::Tensor& w, const at::Tensor& v,
                       const at::Tensor& drift) {
  return OutputError(moments.centred(), w)(v).item<double>() +
         (mean_error(moments, w, v) + drift).square().sum().item<double>();
}

}  // namespace

std::vector<LayerError> adaquant(learn::Model& model, const std::vector<std::string>& weights, const Samples& samples,
                                 const AdaQuantOptions& options) {
  learn::Model twin = float_twin(model);
  std::vector<LayerError> errors;
  visit_kernels(model, twin, samples, [&](const net::Node& node, const BatchValues& y, const BatchValues& x) {
    const std::string name = node.name + ".weight";
    learn::Parameter& parameter = model.parameters().at(name);
    if (std::find(weights.begin(), weights.end(), name) == weights.end() || !has_grid(parameter)) return;
    const net::OpContext context = model.net().context(node);
    const LayerMoments moments = layer_moments(context, x, y);
    const bool has_bias = context.flag("bias");
    const at::Tensor weight = twin.parameters().at(name).latent;
    const WeightGrid grid = weight_grid(parameter);
    const Fitted fitted = fit(has_bias ? moments.centred() : moments, context, weight, grid, options);
    const at::Tensor w = by_groups(weight, context), old = by_groups(grid.codes * grid.scale, context);
    const at::Tensor fresh = by_groups(fitted.codes * broadcast_scale(fitted.scale, weight.sizes()), context);
    if (has_bias) {
      const c10::NoGradGuard no_grad;
      learn::Parameter& bias = model.parameter(node.name, "bias");
      const at::Tensor drift = twin.parameter(node.name, "bias").latent - bias.latent.detach();
      errors.push_back({node.name, error_with_bias(moments, w, old, drift), fitted.error});
      keep_reference(bias);
      bias.latent.add_(drift + mean_error(moments, w, fresh));
      seal_reference(bias);
    } else {
      errors.push_back({node.name, OutputError(moments, w)(old).item<double>(), fitted.error});
    }
    freeze_codes(parameter, fitted.codes, fitted.scale);
  });
  return errors;
}

}  // namespace tern::compress
