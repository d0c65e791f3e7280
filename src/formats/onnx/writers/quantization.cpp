// quantize: QuantizeLinear and DequantizeLinear, behind a Clip where the codes are fewer than the integers'
// width holds.
#include "formats/onnx/exporter.hpp"

namespace tern::onnx {

std::string writers::quantize(Exporter& exporter, const net::Node& node) {
  const ActivationCoding coding = coding_of(exporter.model(), node);
  std::string tensor = exporter.src(node);
  if (!coding.uses_all()) {
    Writer& writer = exporter.writer();
    const auto bound = [&](const char* name, std::int64_t code) {
      const float value = static_cast<float>(code - coding.zero_point) * coding.scale;
      return writer.constant(fmt::format("{}.{}", node.name, name), float_constant({}, {value}));
    };
    const std::string low = bound("min", coding.low), high = bound("max", coding.high);
    tensor = writer.add(node.name + ".clip", "Clip", {tensor, low, high});
  }
  return exporter.coded(node, tensor, coding);
}

}  // namespace tern::onnx
