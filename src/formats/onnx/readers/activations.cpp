// Functions of single values, Clip and Softmax.
#include <cmath>
#include <limits>

#include "formats/onnx/importer.hpp"

namespace tern::onnx {
namespace {

/// min(max(x, low), high) as relu6 between a shift and a scale: low + clamp6((x - low) * 6 / width) * width
/// / 6.
Activation clipped(Importer& importer, const NodeView& node, const Activation& src, float low, float high) {
  const float infinite = std::numeric_limits<float>::infinity();
  const float largest = std::numeric_limits<float>::max();
  if (high >= largest) high = infinite;
  if (low == 0.0F && high == infinite) return importer.pointwise(node, src, "relu");
  if (low == 0.0F && high == 6.0F) return importer.pointwise(node, src, "relu6");
  if (low <= -largest || !(high > low)) node.refuse("it clips to {}..{}", low, high);
  const Activation a = importer.by_channel(node, src);
  if (high == infinite) {
    const Activation shifted = importer.affine(node, a, {1.0F}, {-low}, "shift");
    return importer.affine(node, importer.pointwise(node, shifted, "relu"), {1.0F}, {low}, "shift_back");
  }
  const float scale = 6.0F / (high - low);
  const Activation scaled = importer.affine(node, a, {scale}, {-low * scale}, "scale");
  return importer.affine(node, importer.pointwise(node, scaled, "relu6"), {1.0F / scale}, {low},
                         "scale_back");
}

/// clamp(alpha * x + beta, 0, 1).
Activation hard_sigmoid(Importer& importer, const NodeView& node, const Activation& src) {
  const float alpha = node.real("alpha", 0.2F), beta = node.real("beta", 0.5F);
  if (std::abs(alpha - 1.0F / 6.0F) < 1e-6F && beta == 0.5F)
    return importer.pointwise(node, src, "hard_sigmoid");
  const Activation a = importer.by_channel(node, src);
  const Activation scaled = importer.affine(node, a, {6.0F * alpha}, {6.0F * beta}, "scale");
  return importer.affine(node, importer.pointwise(node, scaled, "relu6"), {1.0F / 6.0F}, {0.0F},
                         "scale_back");
}

Activation leaky_relu(Importer& importer, const NodeView& node, const Activation& src, float slope) {
  if (!(slope >= 0.0F && slope <= 1.0F)) node.refuse("a slope of {} (0 to 1 is read)", slope);
  return importer.pointwise(node, src, "leaky_relu", {{"slope", static_cast<double>(slope)}});
}

/// x * sigmoid(x) is silu, x * hard_sigmoid(x) is hard_swish: the Mul behind is absorbed.
bool read_gated(Importer& importer, const NodeView& node, const Activation& src, const std::string& gate) {
  const schema::NodeProto* const reader = importer.only_reader(node);
  if (!reader || reader->op_type() != "Mul" || reader->input_size() != 2 ||
      (gate != "sigmoid" && gate != "hard_sigmoid"))
    return false;
  const std::string &x = node.proto.input(0), &y = node.proto.output(0);
  if (!(reader->input(0) == x && reader->input(1) == y) && !(reader->input(0) == y && reader->input(1) == x))
    return false;
  importer.absorb(*reader, importer.pointwise(node, src, gate == "sigmoid" ? "silu" : "hard_swish"));
  return true;
}

}  // namespace

void readers::activation(Importer& importer, const NodeView& node) {
  const Activation src = importer.activation(node, 0);
  const std::string& op = node.op();
  const bool is_standard_gate = op == "Sigmoid" || (op == "HardSigmoid" && node.real("beta", 0.5F) == 0.5F &&
                                                    std::abs(node.real("alpha", 0.2F) - 1.0F / 6.0F) < 1e-6F);
  if (is_standard_gate && read_gated(importer, node, src, op == "Sigmoid" ? "sigmoid" : "hard_sigmoid"))
    return;
  Activation dst;
  if (op == "Relu")
    dst = importer.pointwise(node, src, "relu");
  else if (op == "Sigmoid")
    dst = importer.pointwise(node, src, "sigmoid");
  else if (op == "HardSwish")
    dst = importer.pointwise(node, src, "hard_swish");
  else if (op == "HardSigmoid")
    dst = hard_sigmoid(importer, node, src);
  else
    dst =
        leaky_relu(importer, node, src, op == "PRelu" ? importer.number(node, 1) : node.real("alpha", 0.01F));
  importer.set_output(node.proto, 0, dst);
}

void readers::clip(Importer& importer, const NodeView& node) {
  const float infinite = std::numeric_limits<float>::infinity();
  const auto bound = [&](int input, const char* name, float fallback) {
    if (node.opset < 11) return node.real(name, fallback);
    return node.has_input(input) ? importer.number(node, input) : fallback;
  };
  const float low = bound(1, "min", -infinite), high = bound(2, "max", infinite);
  importer.set_output(node.proto, 0, clipped(importer, node, importer.activation(node, 0), low, high));
}

void readers::softmax(Importer& importer, const NodeView& node) {
  const Activation src = importer.by_channel(node, importer.activation(node, 0));
  const std::size_t rank = src.layout.size() + 1;
  const std::size_t axis = from_front(node, node.integer("axis", node.opset < 13 ? 1 : -1), rank);
  std::int64_t behind = 1;
  for (std::size_t d = 1; d < src.layout.size(); ++d) behind *= importer.extent(src, d);
  if (axis != 1 || (node.opset < 13 && behind != 1))
    node.refuse("it normalises over other than the channels");
  importer.set_output(node.proto, 0, importer.pointwise(node, src, "softmax"));
}

}  // namespace tern::onnx
