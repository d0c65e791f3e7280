// Constants that are computed: casts, arithmetic, quantization.
#include <algorithm>
#include <cmath>
#include <functional>

#include "formats/onnx/fold.hpp"

namespace tern::onnx {

using schema::TensorProto;

std::optional<Constant> fold_cast(const NodeView& node, const Constant& src) {
  const auto to = static_cast<int>(node.integer("to", TensorProto::FLOAT));
  Constant result{src.shape, to};
  if (result.data_type != TensorProto::FLOAT && bits_of(to) == 0)
    node.refuse("it casts to {}", name_of_type(to));
  if (to == TensorProto::FLOAT) {
    result.floats = values_of(src);
  } else if (!src.is_float()) {
    result.integers = src.integers;
  } else {
    for (const float value : src.floats) {
      if (!(std::abs(value) < 9e18F)) node.broken("{} is no integer", value);
      result.integers.push_back(static_cast<std::int64_t>(value));
    }
  }
  return result;
}

namespace {

/// Elementwise on numbers of one shape, or where one side has a single element.
template <typename T>
std::vector<T> combine(const std::vector<T>& a, const std::vector<T>& b,
                       const std::function<T(T, T)>& function) {
  std::vector<T> result(a.size() == 1 ? b.size() : a.size());
  for (std::size_t i = 0; i < result.size(); ++i)
    result[i] = function(a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
  return result;
}

std::int64_t checked_integer(const NodeView& node, std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  const char kind = node.op()[0];  // Add, Sub, Mul, Div
  if (a == symbolic_batch || b == symbolic_batch)
    node.refuse("it computes with the batch size, which is symbolic");
  if (kind == 'D' && (b == 0 || b == -1)) node.broken("it divides by {}", b);
  const bool overflows = kind == 'A'   ? __builtin_add_overflow(a, b, &result)
                         : kind == 'S' ? __builtin_sub_overflow(a, b, &result)
                         : kind == 'M' ? __builtin_mul_overflow(a, b, &result)
                                       : (result = a / b, false);
  if (overflows) node.broken("its integers overflow");
  return result;
}

}  // namespace

std::optional<Constant> fold_arithmetic(const NodeView& node, const Constant& a, const Constant& b) {
  if (a.shape != b.shape && a.size() != 1 && b.size() != 1) return std::nullopt;
  const bool a_is_larger = a.size() != 1 || a.shape.size() >= b.shape.size();
  Constant result{b.size() != 1 || !a_is_larger ? b.shape : a.shape, a.data_type};
  if (a.is_float() != b.is_float() && !a.coding && !b.coding) return std::nullopt;
  if (a.is_float() || a.coding || b.coding) {
    result.data_type = TensorProto::FLOAT;
    const char kind = node.op()[0];
    result.floats = combine<float>(values_of(a), values_of(b), [kind](float x, float y) {
      return kind == 'A' ? x + y : kind == 'S' ? x - y : kind == 'M' ? x * y : x / y;
    });
  } else {
    result.integers = combine<std::int64_t>(a.integers, b.integers, [&node](std::int64_t x, std::int64_t y) {
      return checked_integer(node, x, y);
    });
  }
  return result;
}

std::optional<Constant> fold_quantize(const NodeView& node, const Sources& src) {
  const Constant* const zero = src.size() > 2 ? src[2] : nullptr;
  const Coding coding = read_coding(node, src[0]->shape, *src[1], zero);
  const int type = zero ? zero->data_type : static_cast<int>(node.integer("output_dtype", 0));
  Constant result{src[0]->shape, type == 0 ? static_cast<int>(TensorProto::UINT8) : type};
  const int bits = bits_of(result.data_type);
  if (bits == 0 || bits > 16) node.refuse("it quantizes to {}", name_of_type(result.data_type));
  const std::int64_t low = is_signed(result.data_type) ? -(1 << (bits - 1)) : 0, high = low + (1 << bits) - 1;
  std::int64_t inner = 1;
  for (std::size_t d = static_cast<std::size_t>(coding.axis) + 1; d < src[0]->shape.size(); ++d)
    inner *= src[0]->shape[d];
  const std::vector<float> values = values_of(*src[0]);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at =
        coding.scales.size() == 1 ? 0 : i / static_cast<std::size_t>(inner) % coding.scales.size();
    const float code =
        std::nearbyint(values[i] / coding.scales[at]) + static_cast<float>(coding.zero_points[at]);
    result.integers.push_back(
        std::isnan(code)
            ? 0
            : static_cast<std::int64_t>(std::clamp(code, static_cast<float>(low), static_cast<float>(high))));
  }
  return result;
}

std::optional<Constant> fold_dequantize(const NodeView& node, const Sources& src) {
  if (src[0]->is_float() || src[0]->coding) node.broken("its input is no integer tensor");
  if (bits_of(src[0]->data_type) > 32)
    node.refuse("codes of {} are not read", name_of_type(src[0]->data_type));
  Constant result = *src[0];
  result.coding = read_coding(node, src[0]->shape, *src[1], src.size() > 2 ? src[2] : nullptr);
  return result;
}

Coding read_coding(const NodeView& node, const net::Shape& shape, const Constant& scales,
                   const Constant* zero_points) {
  if (node.integer("block_size", 0) != 0) node.refuse("its scales lie in blocks");
  Coding coding{values_of(scales), {}};
  const std::size_t count = coding.scales.size();
  if (count != 1) {
    if (node.opset < 13) node.refuse("a scale a channel needs opset 13, the file says {}", node.opset);
    if (shape.empty()) node.refuse("activations with a scale a channel are not read");
    const std::int64_t axis = node.integer("axis", 1);
    coding.axis = static_cast<std::int64_t>(from_front(node, axis, shape.size()));
    if (shape[static_cast<std::size_t>(coding.axis)] != static_cast<std::int64_t>(count) ||
        scales.shape.size() != 1)
      node.broken("{} scales for axis {} of {}", count, axis, net::to_string(shape));
  }
  coding.zero_points = zero_points ? zero_points->integers : Integers(count, 0);
  if (coding.zero_points.size() != count)
    node.broken("{} scales and {} zero points", count, coding.zero_points.size());
  for (const std::int64_t zero_point : coding.zero_points)
    if (zero_point < -(std::int64_t{1} << 31) || zero_point > std::int64_t{1} << 31)
      node.broken("a zero point of {}", zero_point);
  for (const float scale : coding.scales)
    if (!std::isfinite(scale) || !(scale > 0)) node.broken("expected a scale > 0, got {}", scale);
  return coding;
}

}  // namespace tern::onnx
