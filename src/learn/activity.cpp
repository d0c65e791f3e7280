#include "learn/activity.hpp"

#include <algorithm>

#include "learn/autograd/conv_function.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

/// The first neuron reached from `node` along single readers, or null.
const net::Node* following_neuron(const net::Net& net, const net::Node& node) {
  const net::Node* current = &node;
  while (true) {
    const auto readers = net.readers(current->name);
    if (readers.size() != 1) return nullptr;
    current = readers[0];
    if (current->op == "if" || current->op == "lif") return current;
    if (current->op != "batch_norm" && current->op != "dropout") return nullptr;
  }
}

/// Pairs of non-zero weight and non-zero input that meet: the kernel applied to both, binarised.
double count_synops(const Model& model, const net::Node& node, const at::Tensor& src) {
  const auto& parameters = model.parameters();
  const auto weight = parameters.find(node.name + ".weight");
  if (weight == parameters.end()) return 0;
  const at::Tensor used = weight->second.stored().ne(0).to(at::kFloat), active = src.ne(0).to(at::kFloat);
  if (node.op == "linear") return at::matmul(active.sum(0), used.sum(0)).item<double>();
  const net::OpContext context = model.net().context(node);
  const auto [sh, sw] = context.pair("stride");
  const auto [ph, pw] = context.pair("padding");
  const auto [dh, dw] = context.pair("dilation");
  return conv2d_plain(active, used, {{sh, sw}, {ph, pw}, {dh, dw}, context.integer("groups")})
      .sum(at::kDouble)
      .item<double>();
}

double nonzeros(const at::Tensor& tensor) { return tensor.count_nonzero().item<double>(); }

}  // namespace

void ActivityMeter::measure(const at::Tensor& frames, std::int64_t num_steps, std::shared_ptr<const GraphBatch> graph) {
  const c10::NoGradGuard no_grad;
  const net::Net& net = model_.net();
  std::map<std::string, std::string> source_of_neuron;  // neuron -> weighted node that drives it
  for (const auto& node : net.nodes()) {
    if (net.work(node).macs == 0) continue;
    const net::Node* neuron = following_neuron(net, node);
    if (neuron) source_of_neuron[neuron->name] = node.name;
  }
  std::map<std::string, at::Tensor> values;
  ForwardOptions options;
  options.graph = std::move(graph);
  options.observer = [&](const net::Node& node, const at::Tensor& dst) {
    values[node.name] = dst;
    if (net.work(node).macs > 0) {
      const at::Tensor src = values.at(node.inputs[0]);
      Counts& counts = counts_[node.name];
      counts.src_nonzero += nonzeros(src);
      counts.src_total += static_cast<double>(src.numel());
      counts.src_max = std::max(counts.src_max, src.abs().max().item<double>());
      counts.src_is_binary = counts.src_is_binary && (src * (1 - src)).count_nonzero().item<std::int64_t>() == 0;
      counts.synops += count_synops(model_, node, src);
    }
    const auto driven = source_of_neuron.find(node.name);
    if (driven == source_of_neuron.end()) return;
    counts_[driven->second].dst_nonzero += nonzeros(dst);
    counts_[driven->second].dst_total += static_cast<double>(dst.numel());
  };
  const std::int64_t rows = frames.defined() ? frames.size(0) : options.graph->graph.num_rows();
  forward(model_, frames, num_steps, options);
  samples_ += rows / num_steps;
}

std::map<std::string, NodeActivity> ActivityMeter::result() const {
  std::map<std::string, NodeActivity> result;
  for (const auto& [name, counts] : counts_) {
    NodeActivity activity;
    activity.src_density = counts.src_nonzero / std::max(1.0, counts.src_total);
    activity.dst_density = counts.dst_total > 0 ? counts.dst_nonzero / counts.dst_total : 1.0;
    activity.src_is_binary = counts.src_is_binary;
    activity.src_max = counts.src_max;
    activity.synops = static_cast<std::int64_t>(counts.synops / static_cast<double>(std::max<std::int64_t>(1, samples_)));
    result[name] = activity;
  }
  return result;
}

std::map<std::string, at::Tensor> spike_rasters(Model& model, const at::Tensor& frames, std::int64_t num_steps) {
  const c10::NoGradGuard no_grad;
  std::map<std::string, at::Tensor> rasters;
  ForwardOptions options;
  options.observer = [&](const net::Node& node, const at::Tensor& dst) {
    if (node.op != "if" && node.op != "lif") return;
    rasters[node.name] = dst.contiguous().view({num_steps, -1}).ne(0).to(at::kByte);
  };
  forward(model, frames, num_steps, options);
  return rasters;
}

}  // namespace tern::learn
