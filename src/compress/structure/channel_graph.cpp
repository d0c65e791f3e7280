#include "compress/structure/channel_graph.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace tern::compress {
namespace {

using Channels = std::vector<std::int64_t>;

/// Disjoint sets with path halving; the smaller number is the root, which keeps numbering in Net order.
class DisjointSets {
 public:
  Channels make(std::int64_t count) {
    Channels fresh(static_cast<std::size_t>(count));
    std::iota(fresh.begin(), fresh.end(), static_cast<std::int64_t>(parent_.size()));
    parent_.insert(parent_.end(), fresh.begin(), fresh.end());
    rigid_.resize(parent_.size(), 0);
    return fresh;
  }
  std::int64_t find(std::int64_t x) {
    while (at(x) != x) x = at(x) = at(at(x));
    return x;
  }
  void join(std::int64_t a, std::int64_t b) {
    a = find(a), b = find(b);
    if (a == b) return;
    at(std::max(a, b)) = std::min(a, b);
    rigid_[static_cast<std::size_t>(std::min(a, b))] |= rigid_[static_cast<std::size_t>(std::max(a, b))];
  }
  void make_rigid(const Channels& channels) {
    for (const auto channel : channels) rigid_[static_cast<std::size_t>(find(channel))] = 1;
  }
  bool is_rigid(std::int64_t root) const { return rigid_[static_cast<std::size_t>(root)] != 0; }
  std::size_t size() const { return parent_.size(); }

 private:
  std::int64_t& at(std::int64_t x) { return parent_[static_cast<std::size_t>(x)]; }
  Channels parent_;
  std::vector<char> rigid_;
};

/// Operations that pass each channel on by itself, whatever they do within it.
bool passes_channels(std::string_view op) {
  static constexpr std::string_view names[] = {
      "batch_norm", "max_pool2d", "avg_pool2d",   "global_avg_pool", "dropout",    "relu",      "relu6", "sigmoid",
      "silu",       "gelu",       "hard_swish", "hard_sigmoid", "leaky_relu", "elu",   "tanh",  "if",
      "lif",        "quantize",   "mean_time",  "propagate",    "graph_readout", "graph_pool", "graph_lift"};
  return std::find(std::begin(names), std::end(names), op) != std::end(names);
}

/// Joins place j of every block of `block` channels with place j of the first.
void join_blocks(DisjointSets& sets, const Channels& channels, std::size_t block) {
  for (std::size_t i = block; i < channels.size(); ++i) sets.join(channels[i], channels[i % block]);
}

Channels kernel_outputs(DisjointSets& sets, const net::OpContext& context, KernelForm form, std::int64_t count,
                        const Channels& inputs) {
  if (form == KernelForm::depthwise) {
    Channels outputs(static_cast<std::size_t>(count));
    const std::size_t multiplier = outputs.size() / inputs.size();
    for (std::size_t i = 0; i < outputs.size(); ++i) outputs[i] = inputs[i / multiplier];
    return outputs;
  }
  Channels outputs = sets.make(count);
  if (form == KernelForm::grouped) {
    const auto groups = static_cast<std::size_t>(context.integer("groups"));
    join_blocks(sets, inputs, inputs.size() / groups);
    join_blocks(sets, outputs, outputs.size() / groups);
  }
  return outputs;
}

Channels repeated(const Channels& channels, std::size_t features) {
  Channels result;
  result.reserve(features);
  for (const auto channel : channels) result.insert(result.end(), features / channels.size(), channel);
  return result;
}

/// Class voting averages `group` consecutive features: they go as one.
Channels voted(DisjointSets& sets, const Channels& inputs, std::size_t group) {
  Channels outputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i % group == 0) outputs.push_back(inputs[i]);
    sets.join(inputs[i], outputs.back());
  }
  return outputs;
}

}  // namespace

KernelForm kernel_form(const net::OpContext& context) {
  if (context.node.op == "linear") return KernelForm::plain;
  if (context.node.op != "conv2d") return KernelForm::none;
  const std::int64_t groups = context.integer("groups");
  if (groups == 1) return KernelForm::plain;
  return groups == context.src[0].shape[0] ? KernelForm::depthwise : KernelForm::grouped;
}

ChannelGraph::ChannelGraph(const net::Net& net) : net_(&net) {
  DisjointSets sets;
  std::unordered_map<std::string_view, std::size_t> place;
  for (std::size_t i = 0; i < net.nodes().size(); ++i) {
    const net::Node& node = net.nodes()[i];
    const net::OpContext context = net.context(node);
    const net::Shape& shape = net.type(node.name).shape;
    const std::int64_t count = shape.empty() ? 1 : shape[0];
    place[node.name] = i;
    sources_.emplace_back();
    for (const auto& source : node.inputs) sources_[i].push_back(place.at(source));
    forms_.push_back(kernel_form(context));
    const auto input = [&](std::size_t k) -> const Channels& { return outputs_[sources_[i][k]]; };

    Channels outputs;
    if (net.type(node.name).kind != net::Kind::tensor) {
      // What selects or gathers nodes reads whole rows; graphs and assignments have no channels themselves.
      for (std::size_t k = 0; k < node.inputs.size(); ++k) sets.make_rigid(input(k));
      const auto has_tensor = [&](const std::string& source) { return net.type(source).kind == net::Kind::tensor; };
      if (std::any_of(node.inputs.begin(), node.inputs.end(), has_tensor)) rigid_.push_back(i);
    } else if (forms_[i] != KernelForm::none) {
      outputs = kernel_outputs(sets, context, forms_[i], count, input(0));
    } else if (passes_channels(node.op)) {
      outputs = input(0);
    } else if (node.op == "add" || node.op == "multiply") {
      outputs = input(0);
      for (std::size_t k = 1; k < node.inputs.size(); ++k)
        for (std::size_t c = 0; c < outputs.size(); ++c) sets.join(outputs[c], input(k)[c]);
    } else if (node.op == "concat") {
      for (std::size_t k = 0; k < node.inputs.size(); ++k)
        outputs.insert(outputs.end(), input(k).begin(), input(k).end());
    } else if (node.op == "flatten") {
      outputs = repeated(input(0), static_cast<std::size_t>(count));
    } else if (node.op == "vote") {
      outputs = voted(sets, input(0), static_cast<std::size_t>(context.integer("group")));
    } else {
      for (std::size_t k = 0; k < node.inputs.size(); ++k) sets.make_rigid(input(k));
      outputs = sets.make(count);
      sets.make_rigid(outputs);
      if (!node.inputs.empty()) rigid_.push_back(i);
    }
    outputs_.push_back(std::move(outputs));
  }
  sets.make_rigid(outputs_.back());

  Channels number(sets.size(), -1);
  for (auto& outputs : outputs_)
    for (auto& channel : outputs) {
      const auto root = sets.find(channel);
      auto& known = number[static_cast<std::size_t>(root)];
      if (known < 0) {
        known = static_cast<std::int64_t>(removable_.size());
        removable_.push_back(sets.is_rigid(root) ? 0 : 1);
      }
      channel = known;
    }
  find_groups();
}

void ChannelGraph::find_groups() {
  std::vector<std::vector<std::size_t>> producers(removable_.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (forms_[i] == KernelForm::none) continue;
    for (const auto channel : outputs_[i]) {
      auto& list = producers[static_cast<std::size_t>(channel)];
      if (list.empty() || list.back() != i) list.push_back(i);
    }
  }
  std::map<std::vector<std::size_t>, std::size_t> known;
  for (std::size_t channel = 0; channel < producers.size(); ++channel) {
    if (!removable_[channel]) continue;
    const auto [found, is_new] = known.emplace(std::move(producers[channel]), groups_.size());
    if (is_new) groups_.push_back({found->first, {}});
    groups_[found->second].channels.push_back(static_cast<std::int64_t>(channel));
  }
}

}  // namespace tern::compress
