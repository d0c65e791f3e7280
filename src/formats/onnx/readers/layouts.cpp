// Operators that only rearrange: they change what an Activation calls its dimensions, and add no node.
#include <algorithm>

#include "formats/onnx/fold.hpp"
#include "formats/onnx/importer.hpp"

namespace tern::onnx {
namespace {

/// The axes of `a` in order, cut into dimensions of the given extents.
Activation regrouped(const Importer& importer, const NodeView& node, const Activation& a,
                     const net::Shape& target) {
  std::vector<int> axes;
  for (const auto& dimension : a.layout) axes.insert(axes.end(), dimension.begin(), dimension.end());
  const net::Shape& shape = importer.shape(a);
  Activation dst{a.node, {}, a.coding};
  auto next = axes.begin();
  for (const auto extent : target) {
    auto& dimension = dst.layout.emplace_back();
    std::int64_t product = 1;
    while (product < extent && next != axes.end()) {
      product *= shape[static_cast<std::size_t>(*next)];
      dimension.push_back(*next++);
    }
    if (product != extent)
      node.refuse("from [n, {}] to [n, {}]: it splits a dimension", fmt::join(importer.extents(a), ", "),
                  fmt::join(target, ", "));
  }
  if (next != axes.end()) node.broken("its shape does not hold its input");
  return dst;
}

std::int64_t elements_of(const Importer& importer, const Activation& a) {
  return net::num_elements(importer.shape(a));
}

Integers axes_of(const Importer& importer, const NodeView& node) {
  if (node.opset >= 13) return node.has_input(1) ? importer.constant(node, 1).integers : Integers{};
  return node.integers("axes").value_or(Integers{});
}

}  // namespace

void readers::identity(Importer& importer, const NodeView& node) {
  importer.set_output(node.proto, 0, importer.activation_or_codes(node, 0));
}

void readers::cast(Importer& importer, const NodeView& node) {
  const auto to = static_cast<int>(node.integer("to", 0));
  if (to != schema::TensorProto::FLOAT) node.refuse("activations of {} are not read", name_of_type(to));
  importer.set_output(node.proto, 0, importer.activation(node, 0));
}

void readers::transpose(Importer& importer, const NodeView& node) {
  const Activation& src = importer.activation_or_codes(node, 0);
  const std::size_t rank = src.layout.size() + 1;
  Integers perm = node.integers("perm").value_or(Integers{});
  if (perm.empty())
    for (std::size_t d = rank; d-- > 0;) perm.push_back(static_cast<std::int64_t>(d));
  Integers sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t d = 0; d < rank; ++d)
    if (sorted.size() != rank || sorted[d] != static_cast<std::int64_t>(d))
      node.broken("its perm is no permutation");
  if (perm[0] != 0) node.refuse("it moves the batch");
  Activation dst{src.node, {}, src.coding};
  for (std::size_t d = 1; d < rank; ++d)
    dst.layout.push_back(src.layout[static_cast<std::size_t>(perm[d] - 1)]);
  importer.set_output(node.proto, 0, dst);
}

void readers::reshape(Importer& importer, const NodeView& node) {
  const Activation& src = importer.activation_or_codes(node, 0);
  Integers target = importer.constant(node, 1).integers;
  if (target.empty()) node.refuse("it drops the batch");
  if (target[0] != -1 && target[0] != 0 && target[0] != symbolic_batch && target[0] != importer.batch())
    node.refuse("its first dimension, {}, is not the batch", target[0]);
  std::int64_t known = 1;
  std::size_t unknown = 0;
  for (std::size_t d = 1; d < target.size(); ++d) {
    if (target[d] == 0 && d <= src.layout.size()) target[d] = importer.extent(src, d - 1);
    if (target[d] == -1)
      unknown = d;
    else if (target[d] < 1 || __builtin_mul_overflow(known, target[d], &known))
      node.broken("its shape has no size");
  }
  const std::int64_t elements = elements_of(importer, src);
  if (unknown > 0) target[unknown] = elements / known;
  std::int64_t size = 1;
  for (std::size_t d = 1; d < target.size(); ++d)
    if (target[d] < 1 || __builtin_mul_overflow(size, target[d], &size)) node.broken("its shape has no size");
  if (size != elements)
    node.refuse("[n, {}] does not hold the {} values of a sample",
                fmt::join(target.begin() + 1, target.end(), ", "), elements);
  importer.set_output(node.proto, 0, regrouped(importer, node, src, {target.begin() + 1, target.end()}));
}

void readers::flatten(Importer& importer, const NodeView& node) {
  const Activation& src = importer.activation_or_codes(node, 0);
  const std::int64_t axis = node.integer("axis", 1);
  if (axis != 1 && axis != -static_cast<std::int64_t>(src.layout.size()))
    node.refuse("it flattens from dimension {}", axis);
  importer.set_output(node.proto, 0, regrouped(importer, node, src, {elements_of(importer, src)}));
}

void readers::squeeze(Importer& importer, const NodeView& node) {
  const Activation& src = importer.activation_or_codes(node, 0);
  const Integers axes = axes_of(importer, node);
  const std::size_t rank = src.layout.size() + 1;
  std::vector<bool> drop(rank, axes.empty());
  drop[0] = false;
  for (const auto axis : axes) drop[from_front(node, axis, rank)] = true;
  if (drop[0]) node.refuse("it drops the batch");
  Activation dst{src.node, {}, src.coding};
  for (std::size_t d = 1; d < rank; ++d) {
    if (drop[d] && !axes.empty() && !src.layout[d - 1].empty())
      node.broken("dimension {} is not of one element", d);
    if (!drop[d] || !src.layout[d - 1].empty()) dst.layout.push_back(src.layout[d - 1]);
  }
  importer.set_output(node.proto, 0, dst);
}

void readers::unsqueeze(Importer& importer, const NodeView& node) {
  const Activation& src = importer.activation_or_codes(node, 0);
  const Integers axes = axes_of(importer, node);
  if (axes.size() > 4) node.broken("{} new axes", axes.size());
  const std::size_t rank = src.layout.size() + 1 + axes.size();
  std::vector<bool> is_new(rank, false);
  for (const auto axis : axes) is_new[from_front(node, axis, rank)] = true;
  if (is_new[0]) node.refuse("it moves the batch");
  if (static_cast<std::size_t>(std::count(is_new.begin(), is_new.end(), true)) != axes.size())
    node.broken("it names an axis twice");
  Activation dst{src.node, {}, src.coding};
  auto next = src.layout.begin();
  for (std::size_t d = 1; d < rank; ++d) dst.layout.push_back(is_new[d] ? std::vector<int>{} : *next++);
  importer.set_output(node.proto, 0, dst);
}

void readers::shape(Importer& importer, const NodeView& node) {
  Integers extents = importer.extents(importer.activation_or_codes(node, 0));
  extents.insert(extents.begin(), importer.batch());
  const auto count = static_cast<std::int64_t>(extents.size());
  importer.set_output(node.proto, 0,
                      std::make_shared<const Constant>(integer_constant({count}, std::move(extents))));
}

}  // namespace tern::onnx
