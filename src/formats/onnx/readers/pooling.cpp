// MaxPool, AveragePool, global pools and means over all places.
#include <algorithm>
#include <limits>

#include "formats/onnx/window.hpp"

namespace tern::onnx {
namespace {

void set_image(Importer& importer, const NodeView& node, const std::string& name) {
  importer.set_output(node.proto, 0, Activation{name, plain_layout(importer.shape({name, {}}))});
}

/// [n, c, 1, 1], or [n, c] without `keep`, of a node of [c].
void set_pooled(Importer& importer, const NodeView& node, const std::string& name, std::size_t dimensions) {
  Activation dst{name, plain_layout(importer.shape({name, {}}))};
  dst.layout.resize(dimensions);
  importer.set_output(node.proto, 0, dst);
}

}  // namespace

void readers::pool(Importer& importer, const NodeView& node) {
  const bool is_max = node.op() == "MaxPool";
  const Activation src = importer.activation_or_codes(node, 0);
  const Activation image = importer.image(node, src);
  if (image.coding && !is_max) node.refuse("an average of integers is not read");
  const net::Shape shape = importer.shape(image);
  const Window window = read_window(node, {shape[1], shape[2]}, std::nullopt);
  if (window.dilation != std::array<std::int64_t, 2>{1, 1}) node.refuse("windows with gaps are not read");
  if (node.proto.output_size() > 1 && !node.proto.output(1).empty()) node.refuse("its indices are not read");
  for (std::size_t d = 0; d < 2; ++d)
    if (window.border[d] >= window.kernel[d] || window.border[d + 2] >= window.kernel[d] + window.stride[d])
      node.broken("its border is larger than its window");
  if (!is_max && window.border != Border{} &&
      (node.integer("count_include_pad", 0) == 0 || node.integer("ceil_mode", 0) != 0))
    node.refuse("averages that leave out a border are not read");
  const double outside = is_max && !importer.is_never_negative(image.node)
                             ? static_cast<double>(std::numeric_limits<float>::lowest())
                             : 0.0;
  const std::string source = importer.padded(node, image.node, window.border, outside);
  const std::string name = importer.add(node, is_max ? "max_pool2d" : "avg_pool2d", {source},
                                        {{"kernel", Integers{window.kernel[0], window.kernel[1]}},
                                         {"stride", Integers{window.stride[0], window.stride[1]}}});
  importer.set_output(node.proto, 0,
                      Activation{name, plain_layout(importer.shape({name, {}})), image.coding});
}

void readers::global_pool(Importer& importer, const NodeView& node) {
  const Activation image = importer.image(node, importer.activation(node, 0));
  const net::Shape shape = importer.shape(image);
  if (node.op() == "GlobalAveragePool")
    return set_pooled(importer, node, importer.add(node, "global_avg_pool", {image.node}), 3);
  const Integers all{shape[1], shape[2]};
  set_image(importer, node,
            importer.add(node, "max_pool2d", {image.node}, {{"kernel", all}, {"stride", all}}));
}

void readers::reduce_mean(Importer& importer, const NodeView& node) {
  const Activation src = importer.activation(node, 0);
  const std::size_t rank = src.layout.size() + 1;
  Integers axes = node.integers("axes").value_or(Integers{});
  if (node.opset >= 18 && node.has_input(1)) axes = importer.constant(node, 1).integers;
  std::vector<bool> reduced(rank, false);
  for (const auto axis : axes) reduced[from_front(node, axis, rank)] = true;
  std::vector<int> kept;
  for (std::size_t d = 0; d + 1 < rank; ++d)
    if (!reduced[d + 1]) kept.insert(kept.end(), src.layout[d].begin(), src.layout[d].end());
  const net::Shape& shape = importer.shape(src);
  const bool keeps_channels = shape[0] == 1 ? kept.empty() : kept == std::vector<int>{0};
  if (reduced[0] || axes.empty() || shape.size() != 3 || !keeps_channels)
    node.refuse("only means over all places are read");
  const std::string name = importer.add(node, "global_avg_pool", {src.node});
  Activation dst{name, {}};
  for (std::size_t d = 0; d + 1 < rank; ++d) {
    if (!reduced[d + 1])
      dst.layout.push_back(src.layout[d]);
    else if (node.integer("keepdims", 1) != 0)
      dst.layout.emplace_back();
  }
  importer.set_output(node.proto, 0, dst);
}

}  // namespace tern::onnx
