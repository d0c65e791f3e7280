#include "cost/loop_nest.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"

namespace tern::cost {
namespace {

bool has_weights(const net::Net& net, const net::Node& node) {
  for (const auto& spec : net.parameters(node))
    if (spec.role == net::ParameterRole::weight) return true;
  return false;
}

bool is_neuron(const net::Node& node) {
  return node.op == "if" || node.op == "lif";
}

/// Operations that pass results on one by one, or pool them, on the way from a kernel to the next.
bool is_passage(const net::Node& node) {
  static constexpr std::array<std::string_view, 17> passages{
      "batch_norm", "relu",         "relu6", "sigmoid",    "hard_sigmoid", "silu",       "hard_swish",
      "leaky_relu", "elu", "gelu", "layer_norm", "quantize", "dropout", "flatten", "max_pool2d", "avg_pool2d", "global_avg_pool"};
  return is_neuron(node) || std::find(passages.begin(), passages.end(), node.op) != passages.end();
}

/// The chain of single readers behind a kernel up to the next kernel, branch or readout.
std::vector<const net::Node*> passage_after(const net::Net& net, const net::Node& kernel) {
  std::vector<const net::Node*> chain;
  auto readers = net.readers(kernel.name);
  while (readers.size() == 1 && is_passage(*readers[0])) {
    chain.push_back(readers[0]);
    readers = net.readers(readers[0]->name);
  }
  return chain;
}

/// What the chain behind the kernel makes of its results. A second neuron node is left to
/// unattached_neurons().
void attach_passage(const net::Net& net, const net::Node& kernel, LoopNest& nest) {
  nest.dst_elements = net::num_elements(net.type(kernel.name).shape);
  for (const net::Node* node : passage_after(net, kernel)) {
    if (is_neuron(*node)) {
      if (!nest.neuron_op.empty()) return;
      nest.neuron_op = node->op;
      nest.neurons = net::num_elements(net.type(node->name).shape);
      nest.dst_is_binary = true;
    }
    if (node->op == "avg_pool2d" || node->op == "global_avg_pool") nest.dst_is_binary = false;
    nest.dst_elements = net::num_elements(net.type(node->name).shape);
  }
}

LoopNest conv2d_nest(const net::Net& net, const net::Node& node) {
  const net::OpContext context = net.context(node);
  const net::Shape &src = context.src[0].shape, &dst = net.type(node.name).shape;
  const auto [kh, kw] = context.pair("kernel");
  const auto [sh, sw] = context.pair("stride");
  const auto [dh, dw] = context.pair("dilation");
  LoopNest nest;
  nest.groups = context.integer("groups");
  nest.bounds = {src[0] / nest.groups, dst[0] / nest.groups, kh, kw, dst[1], dst[2], 1};
  nest.stride_h = sh, nest.stride_w = sw, nest.dilation_h = dh, nest.dilation_w = dw;
  nest.src_h = src[1], nest.src_w = src[2];
  return nest;
}

LoopNest linear_nest(const net::Net& net, const net::Node& node) {
  LoopNest nest;
  nest.bounds = {net.type(node.inputs[0]).shape[0], net.type(node.name).shape[0], 1, 1, 1, 1, 1};
  return nest;
}

/// A one-dimensional convolution that mixes `channels` channels along `length`.
LoopNest tcja_nest(std::string weight, std::int64_t channels, std::int64_t length, std::int64_t kernel) {
  LoopNest nest;
  nest.weight = std::move(weight);
  nest.bounds = {channels, channels, kernel, 1, length, 1, 1};
  nest.src_h = length;
  nest.spans_time = true;
  nest.dst_elements = channels * length;
  return nest;
}

}  // namespace

bool comes_from_input(const net::Net& net, const net::Node& node) {
  const net::Node* source = &net.node(node.inputs.at(0));
  while (!has_weights(net, *source) && source->inputs.size() == 1 && !is_neuron(*source))
    source = &net.node(source->inputs[0]);
  return source->op == "input";
}

void LoopNest::repeat(std::int64_t rows) {
  at(bounds, Dim::p) = src_h = rows;
  dst_elements *= rows;
}

std::int64_t LoopNest::macs() const {
  std::int64_t product = groups;
  for (const std::int64_t bound : bounds) product *= bound;
  return product;
}

std::int64_t LoopNest::src_elements() const {
  return at(bounds, Dim::c) * at(bounds, Dim::t) * src_h * src_w;
}

std::int64_t LoopNest::dst_psums() const {
  return at(bounds, Dim::m) * at(bounds, Dim::p) * at(bounds, Dim::q) * at(bounds, Dim::t);
}

std::int64_t LoopNest::weight_elements() const {
  return at(bounds, Dim::c) * at(bounds, Dim::m) * at(bounds, Dim::r) * at(bounds, Dim::s);
}

std::vector<LoopNest> loop_nests(const net::Net& net, const net::Node& node) {
  if (!has_weights(net, node)) return {};
  std::vector<LoopNest> nests;
  if (node.op == "tcja") {
    const std::int64_t steps = net.num_steps(), channels = net.type(node.name).shape[0];
    const std::int64_t kernel = net.context(node).integer("kernel");
    nests = {tcja_nest("time_weight", steps, channels, kernel),
             tcja_nest("channel_weight", channels, steps, kernel)};
  } else if (node.op == "conv2d" || node.op == "linear") {
    nests = {node.op == "conv2d" ? conv2d_nest(net, node) : linear_nest(net, node)};
    nests[0].weight = "weight";
    at(nests[0].bounds, Dim::t) = net.type(node.name).has_time ? net.num_steps() : 1;
    nests[0].reads_net_input = comes_from_input(net, node);
    attach_passage(net, node, nests[0]);
  } else {
    fail(ErrorKind::unsupported, fmt::format("node '{}' ({})", node.name, node.op),
         "the cost model has no loop nest for it");
  }
  for (LoopNest& nest : nests) nest.node = node.name, nest.op = node.op;
  return nests;
}

std::vector<const net::Node*> unattached_neurons(const net::Net& net) {
  std::set<std::string> attached;
  for (const auto& node : net.nodes()) {
    if (node.op != "conv2d" && node.op != "linear") continue;
    for (const net::Node* behind : passage_after(net, node)) {
      if (!is_neuron(*behind)) continue;
      attached.insert(behind->name);
      break;
    }
  }
  std::vector<const net::Node*> neurons;
  for (const auto& node : net.nodes())
    if (is_neuron(node) && !attached.count(node.name)) neurons.push_back(&node);
  return neurons;
}

}  // namespace tern::cost
