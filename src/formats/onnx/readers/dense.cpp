// Gemm and MatMul with constant weights: linear layers.
#include "formats/onnx/kernel_weights.hpp"

namespace tern::onnx {
namespace {

/// alpha * weight.
Constant scaled(Constant weight, float alpha) {
  if (alpha == 1.0F) return weight;
  if (weight.coding && alpha > 0)
    for (float& scale : weight.coding->scales) scale *= alpha;
  else
    weight = float_constant(weight.shape, values_of(weight));
  if (!weight.coding)
    for (float& value : weight.floats) value *= alpha;
  return weight;
}

const Constant& matrix(const Importer& importer, const NodeView& node, int input) {
  const Constant& weight = importer.constant(node, input);
  if (weight.shape.size() != 2)
    node.refuse("weights of two dimensions are read, these are {}", net::to_string(weight.shape));
  return weight;
}

}  // namespace

void readers::gemm(Importer& importer, const NodeView& node) {
  if (node.integer("transA", 0) != 0) node.refuse("a transposed input is not read");
  Constant weight = scaled(matrix(importer, node, 1), node.real("alpha", 1.0F));
  if (node.integer("transB", 0) == 0) weight = transposed(weight, {1, 0});
  std::vector<float> bias;
  if (node.has_input(2)) {
    const Constant& addend = importer.constant(node, 2);
    bias = values_of(addend);
    if (bias.size() == 1) bias.assign(static_cast<std::size_t>(weight.shape[0]), bias[0]);
    if (static_cast<std::int64_t>(bias.size()) != weight.shape[0] ||
        (addend.shape.size() > 1 && addend.shape.back() != weight.shape[0] && addend.size() != 1))
      node.refuse("an addend {} is not one value an output", net::to_string(addend.shape));
    for (float& value : bias) value *= node.real("beta", 1.0F);
  }
  add_linear(importer, node, importer.activation(node, 0), std::move(weight), std::move(bias));
}

void readers::mat_mul(Importer& importer, const NodeView& node) {
  if (importer.is_constant(node, 0)) node.refuse("its first input is a constant");
  const Activation src = importer.activation(node, 0);
  if (src.layout.size() != 1)
    node.refuse("rows of features are read, its input has {} dimensions", src.layout.size() + 1);
  add_linear(importer, node, src, transposed(matrix(importer, node, 1), {1, 0}), {});
}

}  // namespace tern::onnx
