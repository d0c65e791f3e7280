#include "compress/prune/criteria/linear_flow.hpp"

#include <algorithm>
#include <cmath>

#include "compress/prune/criteria/walk.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// For the time of its life weights have the given values, or their sizes where none is given, and biases are
/// zero.
class FlowValues {
 public:
  FlowValues(learn::Model& model, const Tensors& weights) : model_(model) {
    for (auto& [name, parameter] : model_.parameters()) {
      const auto found = weights.find(name);
      if (found != weights.end())
        parameter.override_value = found->second;
      else if (parameter.role == net::ParameterRole::weight)
        parameter.override_value = parameter.stored().abs();
      else if (parameter.role == net::ParameterRole::bias)
        parameter.override_value = at::zeros_like(parameter.latent).detach();
    }
  }
  ~FlowValues() {
    for (auto& [name, parameter] : model_.parameters()) parameter.override_value = at::Tensor();
  }
  FlowValues(const FlowValues&) = delete;
  FlowValues& operator=(const FlowValues&) = delete;

 private:
  learn::Model& model_;
};

bool has_weights(const net::Net& net, const net::Node& node) {
  const auto specs = net.parameters(node);
  return std::any_of(specs.begin(), specs.end(),
                     [](const net::ParameterSpec& spec) { return spec.role == net::ParameterRole::weight; });
}

at::Tensor scale_channels(learn::OpCall& call) {
  const at::Tensor gamma = call.model.parameter(call.node.name, "weight").latent.detach().abs();
  const at::Tensor var = call.model.parameter(call.node.name, "running_var").latent.detach();
  const at::Tensor factor = gamma / (var + call.context().real("eps")).sqrt();
  return call.src[0] * (call.src[0].dim() == 4 ? factor.view({1, -1, 1, 1}) : factor);
}

/// learn's tcja without the sigmoid.
at::Tensor attention(learn::OpCall& call) {
  const at::Tensor& src = call.src[0];
  const std::int64_t steps = call.num_steps, n = src.size(0) / steps, channels = src.size(1);
  const auto same = [](const at::Tensor& x, const at::Tensor& weight) {
    const std::int64_t total = weight.size(2) - 1, before = total / 2;
    return at::conv1d(at::constant_pad_nd(x, {before, total - before}), weight);
  };
  const at::Tensor mean = src.mean(at::IntArrayRef{2, 3}).view({steps, n, channels});
  const at::Tensor a =
      same(mean.permute({1, 0, 2}), call.model.parameter(call.node.name, "time_weight").effective());
  const at::Tensor b =
      same(mean.permute({1, 2, 0}), call.model.parameter(call.node.name, "channel_weight").effective());
  return src * (a * b.permute({0, 2, 1})).permute({1, 0, 2}).reshape({steps * n, channels, 1, 1});
}

/// Meanings on values 2^exponent * tensor; the exponents are kept by node.
class FlowMeaning {
 public:
  at::Tensor operator()(learn::OpCall& call) {
    const net::Node& node = call.node;
    const net::Net& net = call.model.net();
    if (node.op == "graph") return at::ones({1});
    const bool mixes_nodes =
        node.op == "propagate" || node.op == "graph_attention" || node.op == "graph_readout";
    const std::size_t terms = mixes_nodes ? 1 : node.inputs.size();
    double exponent = 0;
    if (node.op == "multiply") {
      for (const auto& source : node.inputs) exponent += exponents_[source];
    } else {
      for (std::size_t i = 0; i < terms; ++i)
        exponent = i == 0 ? exponents_[node.inputs[i]] : std::max(exponent, exponents_[node.inputs[i]]);
      for (std::size_t i = 0; i < terms; ++i)
        if (exponents_[node.inputs[i]] != exponent)
          call.src[i] = call.src[i] * std::exp2(exponents_[node.inputs[i]] - exponent);
    }
    const bool is_identity = terms == 1 && !has_weights(net, node) &&
                             net.type(node.name) == net.type(node.inputs[0]);
    at::Tensor value;
    if (node.op == "batch_norm")
      value = scale_channels(call);
    else if (node.op == "tcja")
      value = attention(call), exponent *= 3;
    else if (is_identity)
      value = call.src[0];
    else
      value = learn::find_meaning(node)(call);
    return normalise(node.name, value, exponent);
  }

 private:
  at::Tensor normalise(const std::string& name, const at::Tensor& value, double exponent) {
    const double largest = value.detach().max().item<double>();
    const int shift = largest > 0 ? std::ilogb(largest) : 0;
    exponents_[name] = exponent + shift;
    return shift == 0 ? value : value * std::exp2(-shift);
  }

  std::map<std::string, double> exponents_;
};

}  // namespace

at::Tensor linear_flow(learn::Model& model, const Tensors& weights) {
  const FlowValues values(model, weights);
  const net::TensorType& type = model.net().type(model.net().input().name);
  const std::int64_t steps = type.has_time ? std::max<std::int64_t>(1, model.net().num_steps()) : 1;
  // Two equal samples: torch convolves a single small image without oneDNN, several times slower.
  constexpr std::int64_t samples = 2;
  auto sizes = type.shape;
  sizes.insert(sizes.begin(), steps * samples);
  learn::ForwardOptions options;
  options.training = options.frozen_norms = true;
  FlowMeaning meaning;
  return walk(model, at::ones(sizes), steps, options, std::ref(meaning)).sum() / samples;
}

}  // namespace tern::compress
