#include "compress/structure/channel_costs.hpp"

namespace tern::compress {

std::int64_t ChannelCosts::Layer::weights() const {
  if (form == KernelForm::none) return 0;
  return outputs * taps * (form == KernelForm::depthwise ? 1 : inputs / groups);
}

ChannelCosts::ChannelCosts(const ChannelGraph& graph) : uses_(static_cast<std::size_t>(graph.num_coupled())) {
  const net::Net& net = graph.net();
  const net::NetTotals totals = net::totals(net);
  macs_ = totals.macs_per_step;
  parameters_ = totals.parameters;
  for (std::size_t i = 0; i < net.nodes().size(); ++i) {
    const net::Node& node = net.nodes()[i];
    const KernelForm form = graph.form(i);
    const bool is_norm = node.op == "batch_norm", mixes_rows = node.op == "propagate" || node.op == "graph_pool" || node.op == "graph_lift";
    if (form == KernelForm::none && !is_norm && !mixes_rows) continue;
    const net::OpContext context = net.context(node);
    const net::Shape& dst = net.type(node.name).shape;
    Layer layer{.form = form, .inputs = context.src[0].shape[0], .outputs = dst[0], .taps = 1, .places = 1};
    if (mixes_rows) {
      layer.per_output = node.op == "propagate" && context.flag("bias") ? 1 : 0;
      layer.macs_per_output = net.work(node).macs / dst[0];
    } else if (is_norm) {
      layer.per_output = 2;
    } else {
      layer.per_output = context.flag("bias") ? 1 : 0;
      if (node.op == "conv2d") {
        const auto [kh, kw] = context.pair("kernel");
        layer.groups = context.integer("groups");
        layer.taps = kh * kw;
        layer.places = dst[1] * dst[2];
      }
    }
    layers_.push_back(layer);
    if (form != KernelForm::none)
      for (const auto channel : graph.inputs(i)) count(channel, layers_.size() - 1, 1, 0);
    for (const auto channel : graph.outputs(i)) {
      count(channel, layers_.size() - 1, 0, 1);
      if (form != KernelForm::none && graph.removable(channel)) ++removable_outputs_;
    }
  }
}

void ChannelCosts::count(std::int64_t channel, std::size_t layer, std::int64_t inputs, std::int64_t outputs) {
  auto& uses = uses_[static_cast<std::size_t>(channel)];
  if (uses.empty() || uses.back().layer != layer) uses.push_back({layer, 0, 0});
  uses.back().inputs += inputs;
  uses.back().outputs += outputs;
}

void ChannelCosts::remove(std::int64_t channel) {
  for (const Use& use : uses_[static_cast<std::size_t>(channel)]) {
    Layer& layer = layers_[use.layer];
    macs_ -= layer.macs();
    parameters_ -= layer.parameters();
    layer.inputs -= use.inputs;
    layer.outputs -= use.outputs;
    macs_ += layer.macs();
    parameters_ += layer.parameters();
    if (layer.form != KernelForm::none) removed_outputs_ += use.outputs;
  }
}

}  // namespace tern::compress
