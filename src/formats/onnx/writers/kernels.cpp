// conv2d, linear and batch_norm.
#include "formats/onnx/exporter.hpp"
#include "formats/onnx/qdq_kernel.hpp"
#include "net/quantized_source.hpp"

namespace tern::onnx {
namespace {

using Attributes = std::vector<Writer::Attribute>;
using Integers = std::vector<std::int64_t>;

Attributes attributes_of(const Exporter& exporter, const net::Node& node) {
  if (node.op == "linear") return {{"transB", std::int64_t{1}}};
  const net::OpContext rules = exporter.rules(node);
  const auto [kh, kw] = rules.pair("kernel");
  const auto [sh, sw] = rules.pair("stride");
  const auto [ph, pw] = rules.pair("padding");
  const auto [dh, dw] = rules.pair("dilation");
  const auto border = exporter.borders().border(node.name);
  return {{"kernel_shape", Integers{kh, kw}},
          {"strides", Integers{sh, sw}},
          {"pads", Integers{ph + border[0], pw + border[1], ph + border[2], pw + border[3]}},
          {"dilations", Integers{dh, dw}},
          {"group", rules.integer("groups")}};
}

/// Codes and their scales behind a DequantizeLinear along axis 0.
std::string dequantized(Writer& writer, const std::string& name, const Constant& codes,
                        const std::vector<float>& scales, bool with_zero_points) {
  const auto count = static_cast<std::int64_t>(scales.size());
  std::vector<std::string> inputs{writer.constant(name, codes),
                                  writer.constant(name + ".scale", float_constant({count}, scales))};
  if (with_zero_points)
    inputs.push_back(writer.constant(name + ".zero_point",
                                     integer_constant({count}, Integers(scales.size(), 0), codes.data_type)));
  return writer.add(name + ".values", "DequantizeLinear", inputs, {{"axis", std::int64_t{0}}});
}

std::string quantized_kernel(Exporter& exporter, const net::Node& node, std::string_view op,
                             float source_scale) {
  const net::Node* const norm = exporter.plan()->folded_norm(node.name);
  const QdqKernel kernel = qdq_kernel(exporter.model(), node, norm, source_scale);
  Writer& writer = exporter.writer();
  std::vector<std::string> inputs{exporter.src(node)};
  inputs.push_back(dequantized(writer, node.name + ".weight",
                               integer_constant(kernel.shape, kernel.codes, schema::TensorProto::INT8),
                               kernel.scales, true));
  if (!kernel.bias.empty()) {
    std::vector<float> scales = kernel.scales;
    for (float& scale : scales) scale *= source_scale;
    const net::Shape shape{kernel.shape[0]};
    inputs.push_back(dequantized(writer, node.name + ".bias",
                                 integer_constant(shape, kernel.bias, schema::TensorProto::INT32), scales,
                                 false));
  }
  return writer.add(node.name, op, inputs, attributes_of(exporter, node));
}

/// Codes stay codes between quantized activations: there ONNX Runtime rounds float weights to 8 bits of its
/// own choice.
bool keeps_codes(const Exporter& exporter, const net::Node& node, const pack::PackedTensor& weight) {
  return weight.scaled_by_channel() && weight.bits <= 8 &&
         net::quantized_source(exporter.net(), node.inputs[0]);
}

std::string weight_codes(Exporter& exporter, const net::Node& node, const pack::PackedTensor& weight) {
  std::vector<float> scales = weight.scales;
  if (scales.size() == 1) scales.assign(static_cast<std::size_t>(weight.shape[0]), scales[0]);
  const Integers codes(weight.codes.begin(), weight.codes.end());
  return dequantized(exporter.writer(), node.name + ".weight",
                     integer_constant(weight.shape, codes, schema::TensorProto::INT8), scales, true);
}

}  // namespace

std::string writers::kernel(Exporter& exporter, const net::Node& node) {
  const std::string_view op = node.op == "linear" ? "Gemm" : "Conv";
  if (exporter.plan()) {
    const ActivationCoding* const source = exporter.coding(node.inputs[0]);
    if (!source) fail(ErrorKind::internal, "node '" + node.name + "'", "its source is not quantized");
    return quantized_kernel(exporter, node, op, source->scale);
  }
  const net::OpContext rules = exporter.rules(node);
  const pack::PackedTensor& weight = exporter.model().tensors.at(node.name + ".weight");
  std::vector<std::string> inputs{exporter.src(node)};
  inputs.push_back(keeps_codes(exporter, node, weight) ? weight_codes(exporter, node, weight)
                                                       : exporter.parameter(node, "weight"));
  if (rules.flag("bias")) inputs.push_back(exporter.parameter(node, "bias"));
  return exporter.writer().add(node.name, op, inputs, attributes_of(exporter, node));
}

std::string writers::batch_norm(Exporter& exporter, const net::Node& node) {
  if (exporter.plan() && exporter.plan()->is_folded(node.name)) return exporter.src(node);
  std::vector<std::string> inputs{exporter.src(node)};
  for (const char* name : {"weight", "bias", "running_mean", "running_var"})
    inputs.push_back(exporter.parameter(node, name));
  const net::OpContext rules = exporter.rules(node);
  return exporter.writer().add(node.name, "BatchNormalization", inputs,
                               {{"epsilon", static_cast<float>(rules.real("eps"))},
                                {"momentum", static_cast<float>(1.0 - rules.real("momentum"))}});
}

}  // namespace tern::onnx
