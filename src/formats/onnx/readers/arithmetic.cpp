// Add, Sub, Mul, Div and Sum: of two activations, or of an activation and constants.
#include <algorithm>

#include "formats/onnx/importer.hpp"

namespace tern::onnx {
namespace {

/// One value for each channel of `a`, or one for all, of a constant that ONNX repeats along the other
/// dimensions.
std::vector<float> per_channel(const Importer& importer, const NodeView& node, const Activation& a,
                               const Constant& constant) {
  const std::vector<float> values = values_of(constant);
  if (values.size() == 1) return values;
  const std::size_t rank = a.layout.size() + 1;
  if (constant.shape.size() > rank)
    node.refuse("a constant {} on fewer dimensions", net::to_string(constant.shape));
  for (std::size_t i = 0; i < constant.shape.size(); ++i) {
    const std::size_t d = rank - constant.shape.size() + i;
    if (constant.shape[i] == 1) continue;
    if (d == 0 || importer.net_axis(node, a, d - 1) != 0)
      node.refuse("a constant {} that differs along other dimensions than the channels",
                  net::to_string(constant.shape));
  }
  if (static_cast<std::int64_t>(values.size()) != importer.shape(a)[0])
    node.broken("{} values for {} channels", values.size(), importer.shape(a)[0]);
  return values;
}

/// x op constant, or constant op x: a scale and a shift for each channel.
Activation with_constant(Importer& importer, const NodeView& node, const Activation& src,
                         const Constant& constant, bool constant_first) {
  const Activation a = src.layout.size() == 1 ? importer.by_channel(node, src) : src;
  std::vector<float> values = per_channel(importer, node, a, constant);
  const char kind = node.op()[0];  // Add, Sub, Mul, Div
  if (kind == 'D' && constant_first) node.refuse("it divides by an activation");
  if (kind == 'D')
    for (float& value : values) value = 1.0F / value;
  if (kind == 'M' || kind == 'D') return importer.affine(node, a, std::move(values), {0.0F});
  if (kind == 'S' && !constant_first)
    for (float& value : values) value = -value;
  return importer.affine(node, a, {kind == 'S' && constant_first ? -1.0F : 1.0F}, std::move(values));
}

/// The same ONNX tensor on a node of [features]: [c, 1, 1] beside [c].
Activation as_row(Importer& importer, const NodeView& node, const Activation& a) {
  if (importer.shape(a).size() == 1) return a;
  return {importer.add(node, "flatten", {a.node}, {}, "flatten"), a.layout};
}

bool is_gate(const Importer& importer, const Activation& gate, const Activation& a) {
  const net::Shape g = importer.extents(gate), all = importer.extents(a);
  return g.size() == 3 && all.size() == 3 && g[0] == all[0] && g[1] == 1 && g[2] == 1 &&
         importer.shape(a).size() == 3;
}

Activation of_two(Importer& importer, const NodeView& node, Activation a, Activation b) {
  const bool is_product = node.op() == "Mul";
  if (is_product && importer.extents(a) != importer.extents(b)) {
    if (is_gate(importer, a, b)) std::swap(a, b);
    if (!is_gate(importer, b, a))
      node.refuse("{} times {}", net::to_string(importer.extents(a)), net::to_string(importer.extents(b)));
    importer.image(node, a);
    return {importer.add(node, "multiply", {a.node, b.node}), a.layout};
  }
  if (importer.extents(a) != importer.extents(b))
    node.refuse("{} and {}", net::to_string(importer.extents(a)), net::to_string(importer.extents(b)));
  if (importer.shape(a).size() != importer.shape(b).size())
    a = as_row(importer, node, a), b = as_row(importer, node, b);
  if (a.layout != b.layout || importer.shape(a) != importer.shape(b))
    node.refuse("its inputs lie in different orders");
  if (node.op() == "Sub")
    b = importer.affine(node, importer.by_channel(node, b), {-1.0F}, {0.0F}, "negative");
  return {importer.add(node, is_product ? "multiply" : "add", {a.node, b.node}), a.layout};
}

}  // namespace

void readers::arithmetic(Importer& importer, const NodeView& node) {
  Activation dst;
  if (importer.is_constant(node, 0)) {
    dst = with_constant(importer, node, importer.activation(node, 1), importer.constant(node, 0), true);
  } else if (importer.is_constant(node, 1)) {
    dst = with_constant(importer, node, importer.activation(node, 0), importer.constant(node, 1), false);
  } else {
    if (node.op() == "Div") node.refuse("it divides by an activation");
    dst = of_two(importer, node, importer.activation(node, 0), importer.activation(node, 1));
  }
  importer.set_output(node.proto, 0, dst);
}

void readers::sum(Importer& importer, const NodeView& node) {
  Activation total = importer.activation(node, 0);
  for (int i = 1; i < node.proto.input_size(); ++i)
    total = of_two(importer, node, total, importer.activation(node, i));
  importer.set_output(node.proto, 0, total);
}

}  // namespace tern::onnx
