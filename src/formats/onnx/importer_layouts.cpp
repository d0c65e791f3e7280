// Which of the Net's axes the dimensions of an ONNX tensor are.
#include <algorithm>

#include "formats/onnx/importer.hpp"

namespace tern::onnx {

std::int64_t Importer::extent(const Activation& a, std::size_t dimension) const {
  std::int64_t product = 1;
  for (const int axis : a.layout[dimension]) product *= shape(a)[static_cast<std::size_t>(axis)];
  return product;
}

net::Shape Importer::extents(const Activation& a) const {
  net::Shape all;
  for (std::size_t d = 0; d < a.layout.size(); ++d) all.push_back(extent(a, d));
  return all;
}

std::vector<int> Importer::all_axes(const Activation& a) const {
  std::vector<int> axes;
  for (const auto& dimension : a.layout) axes.insert(axes.end(), dimension.begin(), dimension.end());
  return axes;
}

bool Importer::is_never_negative(const std::string& name) const {
  const net::Node* node = &net_.node(name);
  while (true) {
    for (const std::string_view op : {"relu", "relu6", "sigmoid", "hard_sigmoid", "softmax"})
      if (node->op == op) return true;
    if (node->op == "quantize")
      return !net_.context(*node).flag("signed") && tensors_.at(node->name + ".zero_point").values[0] == 0.0F;
    bool passes = false;
    for (const std::string_view op :
         {"max_pool2d", "avg_pool2d", "global_avg_pool", "flatten", "slice", "upsample2d"})
      passes = passes || node->op == op;
    if (!passes) return false;
    node = &net_.node(node->inputs[0]);
  }
}

Activation Importer::image(const NodeView& node, const Activation& a) const {
  if (shape(a).size() != 3 || a.layout != plain_layout(shape(a)))
    node.refuse("it needs an input [n, c, h, w], got {} in another order", net::to_string(extents(a)));
  return a;
}

Activation Importer::features(const NodeView& node, const Activation& a, Integers* order) {
  const std::vector<int> axes = all_axes(a);
  if (std::count_if(a.layout.begin(), a.layout.end(), [](const auto& d) { return !d.empty(); }) > 1)
    node.refuse("it needs rows of features, got [n, {}]", fmt::join(extents(a), ", "));
  const net::Shape& from = shape(a);
  const std::int64_t count = net::num_elements(from);
  if (!std::is_sorted(axes.begin(), axes.end())) {
    if (!order) node.refuse("its features lie in another order than c, h, w");
    std::vector<std::int64_t> stride(from.size(), 1);
    for (std::size_t d = from.size(); d-- > 1;) stride[d - 1] = stride[d] * from[d];
    order->assign(1, 0);
    for (const int axis : axes) {
      Integers next;
      for (const auto base : *order)
        for (std::int64_t i = 0; i < from[static_cast<std::size_t>(axis)]; ++i)
          next.push_back(base + i * stride[static_cast<std::size_t>(axis)]);
      *order = std::move(next);
    }
  }
  const std::vector<std::vector<int>> layout = plain_layout({count});
  if (from.size() == 1) return {a.node, layout, a.coding};
  return {add(node, "flatten", {a.node}, {}, "flatten"), layout, a.coding};
}

int Importer::net_axis(const NodeView& node, const Activation& a, std::size_t dimension) const {
  const auto& axes = a.layout.at(dimension);
  if (axes.size() > 1) node.refuse("dimension {} of its input is several of the Net's", dimension + 1);
  return axes.empty() ? -1 : axes[0];
}

Activation Importer::by_channel(const NodeView& node, const Activation& a) {
  if (a.layout.empty()) node.refuse("its input has no channels");
  if (a.layout.size() == 1 && shape(a).size() == 3) return features(node, a);
  const int axis = net_axis(node, a, 0);
  if (axis > 0 || (axis < 0 && shape(a)[0] != 1))
    node.refuse("dimension 1 of its input is not the Net's channels");
  return a;
}

}  // namespace tern::onnx
