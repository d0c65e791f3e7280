#include "compress/posttrain/cle.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "compress/model_builder.hpp"
#include "compress/posttrain/fold.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

bool is_kernel(const net::Node& node) { return node.op == "conv2d" || node.op == "linear"; }

bool is_homogeneous(std::string_view op) {
  for (const std::string_view known :
       {"relu", "leaky_relu", "max_pool2d", "avg_pool2d", "global_avg_pool", "dropout", "flatten"})
    if (op == known) return true;
  return false;
}

/// The node that ends the chain of only readers after `node` through homogeneous operations and `pass`; null: several
/// readers, or none.
const net::Node* end_of_chain(const net::Net& net, const net::Node& node, std::string_view pass = {}) {
  auto readers = net.readers(node.name);
  while (readers.size() == 1 && (is_homogeneous(readers[0]->op) || readers[0]->op == pass))
    readers = net.readers(readers[0]->name);
  return readers.size() == 1 ? readers[0] : nullptr;
}

bool contains(const std::vector<std::string>& weights, const net::Node& node) {
  return is_kernel(node) && std::find(weights.begin(), weights.end(), node.name + ".weight") != weights.end();
}

/// The second kernel's weight as [groups, oc / groups, channels / groups, rest]: a view with one place for
/// each channel of the first kernel (linear behind flatten: a channel is a run of features).
at::Tensor by_input_channel(const learn::Model& model, const net::Node& node, std::int64_t channels) {
  const at::Tensor weight = model.parameter(node.name, "weight").latent.detach();
  const std::int64_t groups = node.op == "conv2d" ? model.net().context(node).integer("groups") : 1;
  return weight.view({groups, weight.size(0) / groups, channels / groups, -1});
}

std::vector<std::int64_t> along_rows(const at::Tensor& weight) {
  std::vector<std::int64_t> shape(static_cast<std::size_t>(weight.dim()), 1);
  shape[0] = -1;
  return shape;
}

void check_kernel(const learn::Model& model, const std::string& node) {
  const learn::Parameter& weight = model.parameter(node, "weight");
  if (weight.quantizer || weight.gate)
    fail(ErrorKind::usage, "node '" + node + "'", "its weight has a {}: equalize before that",
         weight.quantizer ? "quantizer" : "gate");
}

/// Multiplies what folding remembered of a bias' channels.
void scale_state(learn::Parameter& bias, const at::Tensor& factor) {
  for (const char* key : {norm_shift_state, norm_gain_state})
    if (const auto found = bias.state.find(key); found != bias.state.end()) found->second = found->second * factor;
}

learn::Parameter* bias_of(learn::Model& model, const std::string& node) {
  return model.net().context(model.net().node(node)).flag("bias") ? &model.parameter(node, "bias") : nullptr;
}

/// Largest |bias| allowed in a layer.
double bias_bound(learn::Model& model, const std::string& node, double limit) {
  const learn::Parameter* bias = bias_of(model, node);
  return bias ? limit * std::max(1e-3, bias->latent.detach().abs().max().item<double>()) : 0;
}

/// One pair once -> the largest |s - 1|.
double equalize_pair(learn::Model& model, const KernelPair& pair, double bound) {
  at::Tensor first = model.parameter(pair.first, "weight").latent.detach();
  const at::Tensor second = by_input_channel(model, model.net().node(pair.second), first.size(0));
  learn::Parameter* bias = bias_of(model, pair.first);
  const at::Tensor r1 = first.flatten(1).abs().amax(1), r2 = second.abs().amax({1, 3}).flatten();
  at::Tensor s = (r1 / r2).sqrt();
  s = at::where(r1.gt(0).logical_and(r2.gt(0)), s, at::ones_like(s));
  if (bias) s = at::maximum(s, (bias->latent.detach().abs() / bound).clamp_max(1));
  first.div_(s.view(along_rows(first)));
  second.mul_(s.view({second.size(0), 1, second.size(2), 1}));
  if (bias) {
    bias->latent.detach().div_(s);
    scale_state(*bias, 1 / s);
  }
  return (s - 1).abs().max().item<double>();
}

}  // namespace

std::vector<KernelPair> equalizable_pairs(const learn::Model& model, const std::vector<std::string>& weights) {
  std::vector<KernelPair> pairs;
  for (const auto& node : model.net().nodes()) {
    if (!contains(weights, node)) continue;
    const net::Node* end = end_of_chain(model.net(), node);
    if (end && contains(weights, *end)) pairs.push_back({node.name, end->name});
  }
  return pairs;
}

int equalize(learn::Model& model, const std::vector<KernelPair>& pairs, const EqualizeOptions& options) {
  const c10::NoGradGuard no_grad;
  std::vector<double> bounds;
  for (const auto& pair : pairs) {
    check_kernel(model, pair.first);
    check_kernel(model, pair.second);
    bounds.push_back(bias_bound(model, pair.first, options.bias_limit));
  }
  for (int sweep = 1; sweep <= options.sweeps; ++sweep) {
    double largest = 0;
    for (std::size_t i = 0; i < pairs.size(); ++i)
      largest = std::max(largest, equalize_pair(model, pairs[i], bounds[i]));
    if (largest <= options.tolerance) return sweep;
  }
  return options.sweeps;
}

std::string blocking_relu6(const learn::Model& model, const std::vector<std::string>& weights) {
  for (const auto& node : model.net().nodes()) {
    if (!contains(weights, node)) continue;
    const net::Node* end = end_of_chain(model.net(), node);
    if (!end || end->op != "relu6") continue;
    const net::Node* beyond = end_of_chain(model.net(), node, "relu6");
    if (beyond && contains(weights, *beyond)) return end->name;
  }
  return {};
}

learn::Model replace_relu6(const learn::Model& model) {
  ModelBuilder builder(model);
  for (const auto& node : model.net().nodes())
    node.op == "relu6" ? static_cast<void>(builder.add(node.name, "relu", node.inputs)) : builder.keep(node);
  return builder.finish();
}

std::int64_t absorb_biases(learn::Model& model, const std::vector<KernelPair>& pairs) {
  const c10::NoGradGuard no_grad;
  std::int64_t count = 0;
  for (const auto& pair : pairs) {
    const net::Node& second = model.net().node(pair.second);
    learn::Parameter *b1 = bias_of(model, pair.first), *b2 = bias_of(model, pair.second);
    if (!b1 || !b2 || !b1->state.count(norm_shift_state)) continue;
    if (second.op == "conv2d") {
      const auto [ph, pw] = model.net().context(second).pair("padding");
      if (ph > 0 || pw > 0) continue;
    }
    at::Tensor& shift = b1->state.at(norm_shift_state);
    const at::Tensor c = (shift - 3 * b1->state.at(norm_gain_state)).clamp_min(0);
    const at::Tensor weight = by_input_channel(model, second, c.size(0));
    b1->latent.sub_(c);
    b2->latent.add_((weight.sum(3) * c.view({weight.size(0), 1, -1})).sum(2).flatten());
    shift = shift - c;
    count += c.gt(0).sum().item<std::int64_t>();
  }
  return count;
}

}  // namespace tern::compress
