#include "formats/onnx/fold.hpp"

#include <algorithm>
#include <cstdlib>

namespace tern::onnx {
namespace {

using schema::TensorProto;
/// Operators that could grow their inputs serve shapes only.
constexpr std::int64_t most_grown = 1 << 16;

std::optional<Constant> constant_of(const NodeView& node) {
  if (const auto* value = node.attribute("value")) return read_tensor(value->t(), node.place);
  if (const auto* value = node.attribute("value_int")) return integer_constant({}, {value->i()});
  if (const auto* value = node.attribute("value_float")) return float_constant({}, {value->f()});
  if (const auto list = node.integers("value_ints"))
    return integer_constant({static_cast<std::int64_t>(list->size())}, *list);
  if (const auto* value = node.attribute("value_floats"))
    return float_constant({value->floats_size()}, {value->floats().begin(), value->floats().end()});
  node.refuse("only numbers are read as constants");
}

std::optional<Constant> constant_of_shape(const NodeView& node, const Constant& shape) {
  std::int64_t size = 1;
  for (const auto extent : shape.integers)
    if (extent < 0 || __builtin_mul_overflow(size, extent, &size) || size > most_grown)
      node.refuse("constants of more than 2^16 elements are not made");
  Constant one = integer_constant({1}, {0}, TensorProto::INT64);
  if (const auto* value = node.attribute("value"))
    one = read_tensor(value->t(), node.place);
  else
    one = float_constant({1}, {0.0F});
  if (one.size() != 1) node.broken("its value holds {} elements", one.size());
  return gathered(one, shape.integers, Integers(static_cast<std::size_t>(size), 0), -1);
}

/// Axes from the attribute (older opsets) or from input 1.
std::optional<Integers> axes_of(const NodeView& node, const Sources& src) {
  if (src.size() > 1 && src[1]) return src[1]->integers;
  return node.integers("axes");
}

std::optional<Constant> squeezed(const NodeView& node, const Constant& src,
                                 const std::optional<Integers>& axes) {
  net::Shape shape;
  std::vector<bool> drop(src.shape.size(), !axes);
  if (axes)
    for (const auto axis : *axes) drop[from_front(node, axis, src.shape.size())] = true;
  for (std::size_t d = 0; d < src.shape.size(); ++d) {
    if (drop[d] && axes && src.shape[d] != 1)
      node.broken("dimension {} holds {} elements, not one", d, src.shape[d]);
    if (!drop[d] || src.shape[d] != 1) shape.push_back(src.shape[d]);
  }
  return reshaped(src, shape);
}

std::optional<Constant> unsqueezed(const NodeView& node, const Constant& src, const Integers& axes) {
  if (axes.size() > 8) node.broken("{} new axes", axes.size());
  const std::size_t rank = src.shape.size() + axes.size();
  std::vector<bool> is_new(rank, false);
  for (const auto axis : axes) is_new[from_front(node, axis, rank)] = true;
  net::Shape shape;
  auto next = src.shape.begin();
  for (std::size_t d = 0; d < rank; ++d) {
    if (!is_new[d] && next == src.shape.end()) node.broken("it names an axis twice");
    shape.push_back(is_new[d] ? 1 : *next++);
  }
  return reshaped(src, shape);
}

std::optional<Constant> reshape(const NodeView& node, const Constant& src, const Constant& target) {
  net::Shape shape = target.integers;
  std::int64_t known = 1, unknown = -1;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    if (shape[d] == 0 && d < src.shape.size() && node.integer("allowzero", 0) == 0) shape[d] = src.shape[d];
    if (shape[d] == -1 && unknown < 0)
      unknown = static_cast<std::int64_t>(d);
    else if (shape[d] < 0 || __builtin_mul_overflow(known, shape[d], &known))
      node.broken("its shape has no size");
  }
  if (unknown >= 0) shape[static_cast<std::size_t>(unknown)] = known == 0 ? 0 : src.size() / known;
  std::int64_t size = 1;
  for (const auto extent : shape)
    if (__builtin_mul_overflow(size, extent, &size)) node.broken("its shape has no size");
  if (size != src.size())
    node.broken("{} does not hold the {} elements of its input", net::to_string(shape), src.size());
  return reshaped(src, shape);
}

std::optional<Constant> transpose(const NodeView& node, const Constant& src) {
  const std::size_t rank = src.shape.size();
  Integers perm(rank);
  for (std::size_t d = 0; d < rank; ++d) perm[d] = static_cast<std::int64_t>(rank - 1 - d);
  if (const auto given = node.integers("perm")) perm = *given;
  Integers sorted = perm;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t d = 0; d < sorted.size(); ++d)
    if (sorted[d] != static_cast<std::int64_t>(d) || sorted.size() != rank)
      node.broken("its perm is no permutation");
  return transposed(src, perm);
}

std::optional<Constant> gather(const NodeView& node, const Constant& src, const Constant& indices) {
  if (src.shape.size() != 1 || indices.is_float() || indices.size() > most_grown) return std::nullopt;
  Integers index = indices.integers;
  for (auto& i : index)
    i = static_cast<std::int64_t>(from_front(node, i, static_cast<std::size_t>(src.shape[0])));
  return gathered(src, indices.shape, index, -1);
}

std::optional<Constant> concat(const NodeView& node, const Sources& src) {
  Constant joined{{0}, src[0]->data_type};
  for (const Constant* part : src) {
    if (part->shape.size() != 1 || part->coding || part->is_float() != joined.is_float()) return std::nullopt;
    if (joined.shape[0] + part->size() > most_grown) return std::nullopt;
    joined.floats.insert(joined.floats.end(), part->floats.begin(), part->floats.end());
    joined.integers.insert(joined.integers.end(), part->integers.begin(), part->integers.end());
    joined.shape[0] += part->size();
  }
  from_front(node, node.integer("axis", 0), 1);
  return joined;
}

/// One-dimensional, or along dimension 0.
std::optional<Constant> slice(const NodeView& node, const Sources& src) {
  const auto list = [&](int input, const char* name) -> std::optional<Integers> {
    if (node.has_input(input)) return src[static_cast<std::size_t>(input)]->integers;
    return node.integers(name);
  };
  const auto starts = list(1, "starts"), ends = list(2, "ends"), axes = list(3, "axes"),
             steps = list(4, "steps");
  if (src[0]->shape.empty() || !starts || starts->size() != 1 || !ends || ends->size() != 1)
    return std::nullopt;
  if ((axes && (axes->size() != 1 || from_front(node, axes->front(), src[0]->shape.size()) != 0)) ||
      (steps && steps->size() != 1))
    return std::nullopt;
  const std::int64_t size = src[0]->shape[0], step = steps ? steps->front() : 1,
                     row = size ? src[0]->size() / size : 0;
  if (step == 0 || std::abs(step) > 1 << 20) node.broken("its step is {}", step);
  const auto clip = [&](std::int64_t at) {
    const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    return std::clamp(at < 0 ? std::max(at, -size - 1) + size : at, low, high);
  };
  const std::int64_t begin = clip(starts->front()), end = clip(ends->front());
  Integers index;
  std::int64_t count = 0;
  for (std::int64_t at = begin; step > 0 ? at < end : at > end; at += step, ++count)
    for (std::int64_t i = 0; i < row; ++i) index.push_back(at * row + i);
  net::Shape shape = src[0]->shape;
  shape[0] = count;
  return gathered(*src[0], shape, index, -1);
}

std::optional<Constant> shape_of(const Constant& src) {
  return integer_constant({static_cast<std::int64_t>(src.shape.size())}, src.shape);
}

}  // namespace

std::optional<Constant> fold(const NodeView& node, const Sources& src) {
  const std::string& op = node.op();
  if (op == "Constant") return constant_of(node);
  if (src.empty() || !src[0]) return std::nullopt;
  if (op == "Identity" || op == "Dropout") return *src[0];
  if (op == "Shape") return shape_of(*src[0]);
  if (op == "Cast") return fold_cast(node, *src[0]);
  if (op == "Transpose") return transpose(node, *src[0]);
  if (op == "ConstantOfShape") return constant_of_shape(node, *src[0]);
  if (op == "Squeeze") return squeezed(node, *src[0], axes_of(node, src));
  if (op == "Unsqueeze") return unsqueezed(node, *src[0], axes_of(node, src).value_or(Integers{}));
  for (const Constant* source : src)
    if (!source && op != "Slice" && op != "QuantizeLinear" && op != "DequantizeLinear") return std::nullopt;
  if (op == "Concat") return concat(node, src);
  if (src.size() < 2) return std::nullopt;
  if (op == "Slice") return slice(node, src);
  if (op == "Reshape") return reshape(node, *src[0], *src[1]);
  if (op == "Gather") return gather(node, *src[0], *src[1]);
  if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div")
    return fold_arithmetic(node, *src[0], *src[1]);
  if (op == "QuantizeLinear" && src[1]) return fold_quantize(node, src);
  if (op == "DequantizeLinear" && src[1]) return fold_dequantize(node, src);
  return std::nullopt;
}

}  // namespace tern::onnx
