// add, multiply and concat.
#include "formats/onnx/exporter.hpp"

namespace tern::onnx {
namespace {

/// A gate of [c] beside [c, h, w] becomes [c, 1, 1].
std::string as_gate(Exporter& exporter, const net::Node& node, std::size_t i) {
  const std::string& tensor = exporter.src(node, i);
  if (exporter.shape(node.inputs[i]).size() != 1 || exporter.shape(node.name).size() != 3) return tensor;
  Writer& writer = exporter.writer();
  const std::string target = writer.constant(node.name + ".gate.shape", integer_constant({4}, {0, -1, 1, 1}));
  const std::string gate = writer.add(node.name + ".gate", "Reshape", {tensor, target});
  const net::Node& source = exporter.net().node(node.inputs[i]);
  return exporter.coded(source, gate);
}

}  // namespace

std::string writers::combine(Exporter& exporter, const net::Node& node) {
  Writer& writer = exporter.writer();
  if (node.op == "concat") {
    std::vector<std::string> inputs;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(exporter.src(node, i));
    return writer.add(node.name, "Concat", inputs, {{"axis", std::int64_t{1}}});
  }
  const std::string_view op = node.op == "add" ? "Add" : "Mul";
  std::string total = exporter.src(node);
  for (std::size_t i = 1; i < node.inputs.size(); ++i)
    total =
        writer.add(node.name, op, {i == 1 ? total : exporter.coded(node, total), as_gate(exporter, node, i)});
  return total;
}

}  // namespace tern::onnx
