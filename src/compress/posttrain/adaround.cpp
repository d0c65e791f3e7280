#include "compress/posttrain/adaround.hpp"

#include <algorithm>

#include "compress/posttrain/adam.hpp"
#include "compress/posttrain/float_twin.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Mean of s^2 E[y_j^2] over the weights.
double unit_error(const LayerMoments& moments, const net::OpContext& context, const at::Tensor& weight,
                  const WeightGrid& grid) {
  const at::Tensor steps = by_groups(grid.scale.expand(weight.sizes()), context);
  return (steps.square() * moments.yy.diagonal(0, 1, 2).unsqueeze(1)).mean().item<double>();
}

/// Flips the rounding that helps most in each output channel until none helps. All in groups' shape; `other`
/// holds the values on the other side of each weight.
at::Tensor flip_while_better(const LayerMoments& moments, const OutputError& error, at::Tensor v, at::Tensor other) {
  const at::Tensor own = moments.yy.diagonal(0, 1, 2).unsqueeze(1);
  at::Tensor slope = error.slope(v);
  const std::int64_t most = 2 * v.size(2);
  for (std::int64_t round = 0; round < most; ++round) {
    const at::Tensor move = other - v;
    const auto [gain, index] = (move * slope + move.square() * own).min(2, true);
    const at::Tensor helps = gain.lt(-1e-12);
    if (!helps.any().item<bool>()) break;
    const at::Tensor chosen = move.gather(2, index) * helps;
    const at::Tensor swapped = at::where(helps, v.gather(2, index), other.gather(2, index));
    const at::Tensor rows = moments.yy.gather(1, index.expand({-1, -1, v.size(2)}));
    v = v.scatter_add(2, index, chosen);
    other = other.scatter(2, index, swapped);
    slope = slope + 2 * chosen * rows;
  }
  return v;
}

}  // namespace

at::Tensor learn_rounding(const LayerMoments& moments, const net::OpContext& context, const at::Tensor& weight,
                          const WeightGrid& grid, const AdaRoundOptions& options) {
  SoftRounding rounding(weight, grid);
  const OutputError error(moments, by_groups(weight, context));
  const double unit = std::max(1e-30, unit_error(moments, context, weight, grid));
  Adam adam({rounding.variable()}, {options.rate});
  for (int i = 0; i < options.iterations; ++i) {
    const double progress = static_cast<double>(i) / options.iterations;
    at::Tensor loss = error(by_groups(rounding.soft_values(), context)) / unit;
    if (RoundingSchedule::is_active(progress))
      loss = loss + options.lambda * rounding.regulariser(RoundingSchedule::beta(progress));
    adam.step(torch::autograd::grad({loss}, {rounding.variable()}));
  }
  const c10::NoGradGuard no_grad;
  const auto values = [&](const at::Tensor& codes) { return by_groups(codes * grid.scale, context); };
  at::Tensor best = grid.codes;
  double least = error(values(best)).item<double>();
  for (const at::Tensor& start : {rounding.hard_codes(), grid.codes}) {
    const at::Tensor flipped = flip_while_better(moments, error, values(start), values(rounding.other_codes(start)));
    const at::Tensor codes = (flipped.reshape(weight.sizes()) / grid.scale).round_();
    if (const double value = error(values(codes)).item<double>(); value < least) {
      least = value;
      best = codes;
    }
  }
  return best;
}

std::vector<LayerError> adaround(learn::Model& model, const std::vector<std::string>& weights, const Samples& samples,
                                 const AdaRoundOptions& options) {
  learn::Model twin = float_twin(model);
  std::vector<LayerError> errors;
  visit_kernels(model, twin, samples, [&](const net::Node& node, const BatchValues& y, const BatchValues& x) {
    const std::string name = node.name + ".weight";
    learn::Parameter& parameter = model.parameters().at(name);
    if (std::find(weights.begin(), weights.end(), name) == weights.end() || !has_grid(parameter)) return;
    const net::OpContext context = model.net().context(node);
    const LayerMoments moments = layer_moments(context, x, y);
    const at::Tensor weight = twin.parameters().at(name).latent;
    const WeightGrid grid = weight_grid(parameter);
    const at::Tensor codes = learn_rounding(moments, context, weight, grid, options);
    const OutputError error(moments, by_groups(weight, context));
    const auto of = [&](const at::Tensor& chosen) {
      return error(by_groups(chosen * grid.scale, context)).item<double>();
    };
    errors.push_back({node.name, of(grid.codes), of(codes)});
    freeze_codes(parameter, codes, grid.stored);
  });
  return errors;
}

}  // namespace tern::compress
