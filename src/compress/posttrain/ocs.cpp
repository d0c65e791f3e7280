#include "compress/posttrain/ocs.hpp"

#include <cmath>
#include <cstdint>
#include <numeric>

#include "base/error.hpp"
#include "compress/model_builder.hpp"
#include "compress/select_layers.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

bool is_by_channel(std::string_view op) {
  for (const std::string_view known :
       {"batch_norm", "relu", "relu6", "leaky_relu", "silu", "hard_swish", "sigmoid", "hard_sigmoid",
        "max_pool2d", "avg_pool2d", "global_avg_pool", "dropout", "if", "lif"})
    if (op == known) return true;
  return false;
}

/// The kernel whose outputs are `node`'s input channels, and the nodes between that have parameters.
struct Producer {
  const net::Node* kernel = nullptr;
  std::vector<const net::Node*> norms;
  std::string reason;  // why there is none
};

Producer find_producer(const net::Net& net, const net::Node& node) {
  Producer producer;
  const net::Node* at = &net.node(node.inputs[0]);
  for (;; at = &net.node(at->inputs[0])) {
    if (net.readers(at->name).size() != 1) return {nullptr, {}, "'" + at->name + "' has other readers"};
    if (!is_by_channel(at->op)) break;
    if (at->op == "batch_norm") producer.norms.push_back(at);
  }
  const bool is_kernel = at->op == "linear" || (at->op == "conv2d" && net.context(*at).integer("groups") == 1);
  if (!is_kernel) return {nullptr, {}, "'" + at->name + "' is no ungrouped kernel"};
  producer.kernel = at;
  return producer;
}

struct Split {
  at::Tensor weight;                // with the new input channels at the end
  std::vector<std::int64_t> order;  // for each input channel, the old one it repeats
};

Split split_weight(const at::Tensor& weight, const OcsOptions& options) {
  at::Tensor split = weight.detach().clone();
  const double step = weight.abs().max().item<double>() / static_cast<double>((1 << (options.bits - 1)) - 1);
  const auto count = static_cast<std::int64_t>(std::ceil(options.ratio * static_cast<double>(weight.size(1))));
  std::vector<std::int64_t> order(static_cast<std::size_t>(weight.size(1)));
  std::iota(order.begin(), order.end(), 0);
  for (std::int64_t i = 0; i < count; ++i) {
    const at::Tensor largest = split.transpose(0, 1).flatten(1).abs().amax(1);
    const std::int64_t channel = largest.argmax().item<std::int64_t>();
    const at::Tensor values = split.narrow(1, channel, 1).clone();
    split.narrow(1, channel, 1).copy_((values - 0.5 * step) / 2);
    split = at::cat({split, (values + 0.5 * step) / 2}, 1);
    order.push_back(order[static_cast<std::size_t>(channel)]);
  }
  return {split, order};
}

learn::Parameter reordered(const learn::Parameter& old, const at::Tensor& index) {
  learn::Parameter parameter = make_parameter(old.latent.detach().index_select(0, index), old.role);
  if (old.mask.defined()) parameter.mask = old.mask.index_select(0, index);
  for (const auto& [name, tensor] : old.state)
    if (tensor.dim() > 0 && tensor.size(0) == old.latent.size(0))
      parameter.state[name] = tensor.index_select(0, index);
  return parameter;
}

learn::Model widen(const learn::Model& model, const net::Node& kernel, const Producer& producer, const Split& split) {
  const at::Tensor index = at::tensor(split.order, at::kLong);
  const auto is_norm = [&](const net::Node& node) {
    for (const net::Node* norm : producer.norms)
      if (norm == &node) return true;
    return false;
  };
  ModelBuilder builder(model);
  for (const auto& node : model.net().nodes()) {
    std::map<std::string, learn::Parameter> parameters;
    auto attributes = node.attributes;
    if (&node == producer.kernel || is_norm(node))
      for (const auto& spec : model.net().parameters(node))
        parameters[spec.name] = reordered(model.parameter(node.name, spec.name), index);
    if (&node == producer.kernel)
      attributes[node.op == "conv2d" ? "out_channels" : "out_features"] =
          static_cast<std::int64_t>(split.order.size());
    if (&node == &kernel) parameters["weight"] = make_parameter(split.weight);
    builder.keep(node, attributes, parameters);
  }
  return builder.finish();
}

}  // namespace

OcsResult split_outlier_channels(const learn::Model& model, const std::vector<std::string>& weights,
                                 const OcsOptions& options) {
  const c10::NoGradGuard no_grad;
  OcsResult result{model, {}, {}};
  for (const auto& name : weights) {
    const net::Node& node = result.model.net().node(node_of(name));
    if (node.op != "conv2d" && node.op != "linear") continue;
    const learn::Parameter& weight = result.model.parameters().at(name);
    if (weight.quantizer || weight.gate || weight.mask.defined())
      fail(ErrorKind::usage, "node '" + node.name + "'",
           "its weight is already {}: split outlier channels before that",
           weight.quantizer ? "quantized"
           : weight.gate    ? "gated"
                            : "pruned");
    if (node.op == "conv2d" && result.model.net().context(node).integer("groups") != 1) {
      result.refused.push_back(node.name + ": grouped");
      continue;
    }
    const Producer producer = find_producer(result.model.net(), node);
    if (!producer.kernel) {
      result.refused.push_back(node.name + ": " + producer.reason);
      continue;
    }
    const Split split = split_weight(weight.latent, options);
    result.split.push_back(fmt::format(
        "{}: {} of {} input channels split, largest weight {:.4g} -> {:.4g}", node.name,
        split.order.size() - static_cast<std::size_t>(weight.latent.size(1)), weight.latent.size(1),
        weight.latent.abs().max().item<double>(), split.weight.abs().max().item<double>()));
    result.model = widen(result.model, node, producer, split);
  }
  return result;
}

}  // namespace tern::compress
