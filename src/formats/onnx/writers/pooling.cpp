// max_pool2d, avg_pool2d, global_avg_pool and vote.
#include "formats/onnx/exporter.hpp"

namespace tern::onnx {
namespace {

using Integers = std::vector<std::int64_t>;

std::string reshaped(Exporter& exporter, const net::Node& node, const std::string& tensor, Integers shape,
                     std::string_view suffix) {
  const auto rank = static_cast<std::int64_t>(shape.size());
  Writer& writer = exporter.writer();
  const std::string target = writer.constant(fmt::format("{}.{}.shape", node.name, suffix),
                                             integer_constant({rank}, std::move(shape)));
  return writer.add(fmt::format("{}.{}", node.name, suffix), "Reshape", {tensor, target});
}

}  // namespace

std::string writers::pool(Exporter& exporter, const net::Node& node) {
  const net::OpContext rules = exporter.rules(node);
  const auto [kh, kw] = rules.pair("kernel");
  const auto [sh, sw] = rules.pair("stride");
  std::vector<Writer::Attribute> attributes{{"kernel_shape", Integers{kh, kw}},
                                            {"strides", Integers{sh, sw}}};
  if (const auto border = exporter.borders().border(node.name); border != decltype(border){}) {
    attributes.emplace_back("pads", Integers(border.begin(), border.end()));
    if (node.op == "avg_pool2d") attributes.emplace_back("count_include_pad", std::int64_t{1});
  }
  return exporter.writer().add(node.name, node.op == "max_pool2d" ? "MaxPool" : "AveragePool",
                               {exporter.src(node)}, attributes);
}

/// The mean is quantized as an image: the runtime wants the integers right behind the pool.
std::string writers::global_pool(Exporter& exporter, const net::Node& node) {
  const std::string pooled = exporter.writer().add(node.name, "GlobalAveragePool", {exporter.src(node)});
  return exporter.writer().add(node.name + ".row", "Flatten", {exporter.coded(node, pooled)});
}

/// A one-dimensional average pool over the row of features.
std::string writers::vote(Exporter& exporter, const net::Node& node) {
  const std::int64_t group = exporter.rules(node).integer("group"), classes = exporter.shape(node.name)[0];
  const std::string row = reshaped(exporter, node, exporter.src(node), {0, 1, classes * group}, "row");
  const std::string pooled = exporter.writer().add(
      node.name, "AveragePool", {row}, {{"kernel_shape", Integers{group}}, {"strides", Integers{group}}});
  return reshaped(exporter, node, pooled, {0, classes}, "classes");
}

}  // namespace tern::onnx
