#include "formats/onnx/folded_borders.hpp"

#include <algorithm>

namespace tern::onnx {
namespace {

const net::Node* only_reader(const net::Net& net, const net::Node& node) {
  const auto readers = net.readers(node.name);
  return readers.size() == 1 && readers[0]->inputs.size() == 1 ? readers[0] : nullptr;
}

bool is_never_negative(const net::Net& net, const net::Node& start) {
  const net::Node* node = &start;
  while (node->inputs.size() == 1) {
    for (const std::string_view op : {"relu", "relu6", "sigmoid", "hard_sigmoid", "softmax"})
      if (node->op == op) return true;
    for (const std::string_view op : {"batch_norm", "conv2d", "linear", "pad2d", "quantize"})
      if (node->op == op) return false;
    node = &net.node(node->inputs[0]);
  }
  return false;
}

bool takes_border(const net::Net& net, const net::Node& pad, const net::Node& reader) {
  const double value = std::get<double>(pad.attributes.at("value"));
  if (reader.op == "conv2d") return value == 0.0;
  if (reader.op != "max_pool2d" && reader.op != "avg_pool2d") return false;
  const auto& border = std::get<std::vector<std::int64_t>>(pad.attributes.at("border"));
  const auto [kh, kw] = net.context(reader).pair("kernel");
  if (std::max(border[0], border[2]) >= kh || std::max(border[1], border[3]) >= kw) return false;
  if (reader.op == "max_pool2d" && value <= never_wins) return true;
  return value == 0.0 && (reader.op == "avg_pool2d" || is_never_negative(net, net.node(pad.inputs[0])));
}

}  // namespace

FoldedBorders fold_borders(const net::Net& net) {
  FoldedBorders folded;
  for (const auto& node : net.nodes()) {
    const net::Node* reader = node.op == "pad2d" ? only_reader(net, node) : nullptr;
    if (reader && reader->op == "quantize") reader = only_reader(net, *reader);
    if (!reader || !takes_border(net, node, *reader)) continue;
    const auto& border = std::get<std::vector<std::int64_t>>(node.attributes.at("border"));
    folded.pads.insert(node.name);
    std::copy(border.begin(), border.end(), folded.of_reader[reader->name].begin());
  }
  return folded;
}

}  // namespace tern::onnx
