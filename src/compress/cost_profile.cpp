#include "compress/cost_profile.hpp"

#include <algorithm>

#include "learn/torch.hpp"
#include "net/quantized_source.hpp"

namespace tern::compress {

int source_bits(const net::Net& net, const net::Node& node, const std::map<std::string, learn::NodeActivity>& activity) {
  if (const net::Node* source = net::quantized_source(net, node.inputs[0]))
    return static_cast<int>(net.context(*source).integer("bits"));
  const auto found = activity.find(node.name);
  if (found != activity.end() && found->second.src_is_binary) return 1;
  const bool is_spiking = net.type(node.name).has_time;
  return is_spiking || node.inputs[0] == net.input().name ? 8 : 32;
}

double kept_edges(const learn::Model& model) {
  const c10::NoGradGuard no_grad;
  for (const auto& node : model.net().nodes()) {
    if (node.op != "graph" || model.net().parameters(node).empty()) continue;
    const at::Tensor factors = model.parameter(node.name, "factor").stored();
    return factors.ne(0).to(at::kDouble).mean().item<double>();
  }
  return 1;
}

cost::Profile make_profile(const net::Net& net, const std::vector<LayerReport>& layers,
                           const std::map<std::string, learn::NodeActivity>& activity, double kept_edges) {
  const auto names = cost::profile_names(net);
  cost::Profile profile;
  for (const auto& layer : layers) {
    const bool split = std::find(names.begin(), names.end(), layer.parameter) != names.end();
    cost::LayerProfile& entry = profile[split ? layer.parameter : layer.node];
    entry.weight_bits = layer.bits;
    entry.weight_density = 1.0 - layer.zero_fraction();
    const auto found = activity.find(layer.node);
    if (found == activity.end()) {
      if (const net::Node* source = net::quantized_source(net, net.node(layer.node).inputs[0]))
        entry.src_bits = static_cast<int>(net.context(*source).integer("bits"));
      continue;
    }
    entry.src_density = found->second.src_density;
    entry.dst_density = found->second.dst_density;
    entry.src_is_binary = found->second.src_is_binary;
    entry.src_bits = source_bits(net, net.node(layer.node), activity);
  }
  for (const auto& node : net.nodes()) {
    if (node.op != "propagate") continue;
    cost::LayerProfile& entry = profile[node.name];
    entry.src_bits = source_bits(net, node, activity);
    entry.weight_density = kept_edges;
  }
  return profile;
}

}  // namespace tern::compress
