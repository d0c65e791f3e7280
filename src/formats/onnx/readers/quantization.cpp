// QuantizeLinear and DequantizeLinear of activations: one `quantize` node of the Net. Those of weights are
// constants, which fold.cpp serves.
#include "formats/onnx/fold.hpp"
#include "formats/onnx/importer.hpp"

namespace tern::onnx {
namespace {

Coding coding_of(const Importer& importer, const NodeView& node) {
  const Constant* const zero_points = node.has_input(2) ? &importer.constant(node, 2) : nullptr;
  return read_coding(node, {}, importer.constant(node, 1), zero_points);
}

}  // namespace

void readers::quantize_linear(Importer& importer, const NodeView& node) {
  const Activation src = importer.activation(node, 0);
  int type = node.has_input(2) ? importer.constant(node, 2).data_type
                               : static_cast<int>(node.integer("output_dtype", 0));
  if (type == 0) type = schema::TensorProto::UINT8;
  const int bits = bits_of(type);
  if (bits == 0 || bits > 16) node.refuse("activations of {} are not read", name_of_type(type));
  Coding coding = coding_of(importer, node);
  const std::string name = importer.quantize(node, src.node, coding, bits, is_signed(type));
  importer.set_output(node.proto, 0, Activation{name, src.layout, std::move(coding)});
}

void readers::dequantize_linear(Importer& importer, const NodeView& node) {
  const Activation src = importer.activation_or_codes(node, 0);
  if (!src.coding) node.broken("its input is not integers");
  if (coding_of(importer, node) != *src.coding)
    node.refuse("its scale and zero point are not those of the QuantizeLinear before it");
  importer.set_output(node.proto, 0, Activation{src.node, src.layout});
}

}  // namespace tern::onnx
