// Operations that move values: flatten, dropout, pad2d, slice, upsample2d.
#include "formats/onnx/exporter.hpp"

namespace tern::onnx {

std::string writers::flatten(Exporter& exporter, const net::Node& node) {
  return exporter.writer().add(node.name, "Flatten", {exporter.src(node)});
}

std::string writers::dropout(Exporter& exporter, const net::Node& node) {
  return exporter.src(node);
}

std::string writers::pad2d(Exporter& exporter, const net::Node& node) {
  if (exporter.borders().pads.contains(node.name)) return exporter.src(node);
  const net::OpContext rules = exporter.rules(node);
  const auto& border = rules.integers("border");
  Writer& writer = exporter.writer();
  const std::string pads = writer.constant(
      node.name + ".pads", integer_constant({8}, {0, 0, border[0], border[1], 0, 0, border[2], border[3]}));
  const std::string value =
      writer.constant(node.name + ".value", float_constant({}, {static_cast<float>(rules.real("value"))}));
  return writer.add(node.name, "Pad", {exporter.src(node), pads, value});
}

std::string writers::slice(Exporter& exporter, const net::Node& node) {
  const net::OpContext rules = exporter.rules(node);
  Writer& writer = exporter.writer();
  const auto list = [&](const char* name, std::int64_t value) {
    return writer.constant(fmt::format("{}.{}", node.name, name), integer_constant({1}, {value}));
  };
  return writer.add(node.name, "Slice",
                    {exporter.src(node), list("begin", rules.integer("begin")),
                     list("end", rules.integer("end")), list("axis", 1)});
}

std::string writers::upsample2d(Exporter& exporter, const net::Node& node) {
  const auto [vertical, horizontal] = exporter.rules(node).pair("factor");
  Writer& writer = exporter.writer();
  const std::string scales = writer.constant(
      node.name + ".factors",
      float_constant({4}, {1.0F, 1.0F, static_cast<float>(vertical), static_cast<float>(horizontal)}));
  return writer.add(node.name, "Resize", {exporter.src(node), "", scales});
}

}  // namespace tern::onnx
