#include "compress/posttrain/bias_correction.hpp"

#include <algorithm>
#include <cmath>

#include "compress/model_builder.hpp"
#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/fold.hpp"
#include "compress/select_layers.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Where a kernel's mean shift can be taken back, and with which sign.
struct Place {
  learn::Parameter* parameter = nullptr;
  std::string name;  // of the parameter
  double sign = 1;
};

Place correction_place(learn::Model& model, const net::Node& node) {
  const auto place = [&](const std::string& name, double sign) {
    return Place{&model.parameters().at(name), name, sign};
  };
  if (model.net().context(node).flag("bias")) return place(node.name + ".bias", 1);
  const auto readers = model.net().readers(node.name);
  if (readers.size() == 1 && readers[0]->op == "batch_norm") return place(readers[0]->name + ".running_mean", -1);
  return {};
}

/// The float network's value moved so that the kernel's output, or what the norm makes of it, moves by `shift`.
void set(const Place& place, const learn::Model& twin, const at::Tensor& shift) {
  const c10::NoGradGuard no_grad;
  keep_reference(*place.parameter);
  place.parameter->latent.copy_(twin.parameters().at(place.name).latent + place.sign * shift);
  seal_reference(*place.parameter);
}

/// Mean of each channel over all batches, float64.
at::Tensor channel_means(const BatchValues& values) {
  at::Tensor sum;
  double rows = 0;
  for (const auto& value : values) {
    const at::Tensor part = (value.dim() == 4 ? value.to(at::kDouble).sum({0, 2, 3}) : value.to(at::kDouble).sum(0));
    sum = sum.defined() ? sum + part : part;
    rows += static_cast<double>(value.numel() / value.size(1));
  }
  return sum / rows;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Distribution of each channel of `node` before its activation, if a norm tells it.
struct Normal {
  at::Tensor mean, deviation;  // undefined: unknown
};

Normal distribution_of(const learn::Model& model, const net::Node& node) {
  if (node.op == "batch_norm")
    return {model.parameter(node.name, "bias").latent.detach(),
            model.parameter(node.name, "weight").latent.detach().abs()};
  if ((node.op != "conv2d" && node.op != "linear") || !model.net().context(node).flag("bias")) return {};
  const auto& state = model.parameter(node.name, "bias").state;
  const auto shift = state.find(norm_shift_state), gain = state.find(norm_gain_state);
  return shift == state.end() || gain == state.end() ? Normal{} : Normal{shift->second, gain->second};
}

/// E[x] of each input channel of a kernel; undefined where it is not known.
at::Tensor expected_input(const learn::Model& model, const net::Node& kernel) {
  const net::Node* node = &model.net().node(kernel.inputs[0]);
  while (node->op == "quantize" || node->op == "dropout" || node->op == "avg_pool2d" || node->op == "global_avg_pool")
    node = &model.net().node(node->inputs[0]);
  const bool is_clipped = node->op == "relu";
  if (is_clipped) node = &model.net().node(node->inputs[0]);
  const Normal normal = distribution_of(model, *node);
  if (!normal.mean.defined()) return {};
  return is_clipped ? mean_of_clipped_normal(normal.mean, normal.deviation) : normal.mean;
}

}  // namespace

at::Tensor mean_of_clipped_normal(const at::Tensor& mean, const at::Tensor& deviation) {
  const at::Tensor wide = mean.to(at::kDouble), gamma = deviation.to(at::kDouble).clamp_min(1e-12),
                   ratio = wide / gamma;
  const at::Tensor density = (-0.5 * ratio.square()).exp() / std::sqrt(2 * 3.14159265358979323846);
  const at::Tensor above = 0.5 * at::erfc(-ratio / std::sqrt(2.0));  // 1 - Phi(-ratio)
  return (gamma * density + wide * above).to(at::kFloat);
}

bool add_missing_biases(learn::Model& model, const std::vector<std::string>& weights) {
  const auto needs_bias = [&](const net::Node& node) {
    return (node.op == "conv2d" || node.op == "linear") && contains(weights, node.name + ".weight") &&
           !correction_place(model, node).parameter;
  };
  const auto& nodes = model.net().nodes();
  if (std::none_of(nodes.begin(), nodes.end(), needs_bias)) return false;
  ModelBuilder builder(model);
  for (const auto& node : nodes) {
    if (!needs_bias(node)) {
      builder.keep(node);
      continue;
    }
    auto attributes = node.attributes;
    attributes["bias"] = true;
    const std::int64_t channels = model.parameter(node.name, "weight").latent.size(0);
    builder.keep(node, attributes, {{"bias", make_parameter(at::zeros({channels}), net::ParameterRole::bias)}});
  }
  model = builder.finish();
  return true;
}

std::vector<LayerError> correct_biases(learn::Model& model, const std::vector<std::string>& weights,
                                       const Samples& given) {
  const Samples samples = split_samples(given, 64);
  learn::Model twin = float_twin(model);
  NetWalk quantized(model, samples), reference(twin, samples);
  std::vector<LayerError> errors;
  while (const net::Node* node = quantized.next()) {
    quantized.advance();
    if (reference.next() && reference.next()->name == node->name) reference.advance();
    if ((node->op != "conv2d" && node->op != "linear") || !contains(weights, node->name + ".weight")) continue;
    const Place place = correction_place(model, *node);
    if (!place.parameter) continue;
    const auto own_bias = [&](learn::Model& of) {
      return place.sign > 0 ? of.parameters().at(place.name).latent : at::zeros({});
    };
    const c10::NoGradGuard no_grad;
    const at::Tensor shift = (channel_means(reference.value(node->name)) - own_bias(twin) -
                              channel_means(quantized.value(node->name)) + own_bias(model)).to(at::kFloat);
    const at::Tensor before = own_bias(model).clone();
    set(place, twin, shift);
    if (place.sign > 0)
      for (auto& value : quantized.value(node->name)) {
        const at::Tensor added = own_bias(model) - before;
        value = value + (value.dim() == 4 ? added.view({1, -1, 1, 1}) : added);
      }
    errors.push_back({node->name, shift.square().mean().item<double>(), 0.0});
  }
  return errors;
}

std::vector<LayerError> correct_biases_analytically(learn::Model& model, const std::vector<std::string>& weights) {
  const c10::NoGradGuard no_grad;
  const learn::Model twin = float_twin(model);
  std::vector<LayerError> errors;
  for (const auto& name : weights) {
    const net::Node& node = model.net().node(node_of(name));
    if (node.op != "conv2d" && node.op != "linear") continue;
    const Place place = correction_place(model, node);
    at::Tensor mean = expected_input(model, node);
    if (!place.parameter || !mean.defined()) continue;
    const learn::Parameter& parameter = model.parameters().at(name);
    const net::OpContext context = model.net().context(node);
    const at::Tensor change = by_groups(twin.parameters().at(name).latent - parameter.stored(), context);
    // [groups, ic / groups], each entry once for every kernel place.
    mean = mean.view({change.size(0), -1});
    mean = mean.repeat_interleave(change.size(2) / mean.size(1), 1);
    const at::Tensor shift = (change * mean.unsqueeze(1)).sum(2).flatten();
    set(place, twin, shift);
    errors.push_back({node.name, shift.square().mean().item<double>(), 0.0});
  }
  return errors;
}

}  // namespace tern::compress
