// Functions of single values, and softmax.
#include "formats/onnx/exporter.hpp"

namespace tern::onnx {
namespace {

std::string hard_sigmoid(Writer& writer, const std::string& name, const std::string& src) {
  return writer.add(name, "HardSigmoid", {src}, {{"alpha", 1.0F / 6.0F}, {"beta", 0.5F}});
}

}  // namespace

std::string writers::activation(Exporter& exporter, const net::Node& node) {
  Writer& writer = exporter.writer();
  const std::string& src = exporter.src(node);
  if (node.op == "relu") return writer.add(node.name, "Relu", {src});
  if (node.op == "sigmoid") return writer.add(node.name, "Sigmoid", {src});
  if (node.op == "hard_sigmoid") return hard_sigmoid(writer, node.name, src);
  if (node.op == "silu")
    return writer.add(node.name, "Mul", {src, writer.add(node.name + ".gate", "Sigmoid", {src})});
  if (node.op == "hard_swish")
    return writer.add(node.name, "Mul", {src, hard_sigmoid(writer, node.name + ".gate", src)});
  if (node.op == "softmax") return writer.add(node.name, "Softmax", {src}, {{"axis", std::int64_t{1}}});
  if (node.op == "leaky_relu")
    return writer.add(node.name, "LeakyRelu", {src},
                      {{"alpha", static_cast<float>(exporter.rules(node).real("slope"))}});
  const std::string low = writer.constant(node.name + ".min", float_constant({}, {0.0F}));
  const std::string high = writer.constant(node.name + ".max", float_constant({}, {6.0F}));
  return writer.add(node.name, "Clip", {src, low, high});
}

}  // namespace tern::onnx
