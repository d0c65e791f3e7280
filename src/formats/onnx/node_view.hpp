// One ONNX node as readers see it: attributes with their defaults, errors with its place. Private to
// formats/onnx.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "onnx.pb.h"

namespace tern::onnx {

using Integers = std::vector<std::int64_t>;

struct NodeView {
  const schema::NodeProto& proto;
  std::int64_t opset;
  std::string place;  ///< "m.onnx: node 'conv1' (Conv)"

  const std::string& op() const { return proto.op_type(); }
  bool has_input(int i) const { return i < proto.input_size() && !proto.input(i).empty(); }

  const schema::AttributeProto* attribute(std::string_view name) const {
    for (const auto& attribute : proto.attribute())
      if (attribute.name() == name) return &attribute;
    return nullptr;
  }
  std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const auto* const found = attribute(name);
    return found ? found->i() : fallback;
  }
  float real(std::string_view name, float fallback) const {
    const auto* const found = attribute(name);
    return found ? found->f() : fallback;
  }
  std::string text(std::string_view name, std::string_view fallback) const {
    const auto* const found = attribute(name);
    return found ? found->s() : std::string(fallback);
  }
  std::optional<Integers> integers(std::string_view name) const {
    const auto* const found = attribute(name);
    if (!found) return std::nullopt;
    return Integers(found->ints().begin(), found->ints().end());
  }
  /// A list that must have `count` entries where it is given.
  Integers integers(std::string_view name, std::size_t count, std::int64_t fallback) const {
    const Integers list = integers(name).value_or(Integers(count, fallback));
    if (list.size() != count)
      broken("attribute '{}': expected {} integers, got {}", name, count, list.size());
    return list;
  }

  /// What a Net cannot say.
  template <typename... Args>
  [[noreturn]] void refuse(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(ErrorKind::unsupported, fmt::format(format, std::forward<Args>(args)...), place);
  }
  /// What contradicts itself.
  template <typename... Args>
  [[noreturn]] void broken(fmt::format_string<Args...> format, Args&&... args) const {
    throw Error(ErrorKind::bad_data, fmt::format(format, std::forward<Args>(args)...), place);
  }
};

/// `axis` counted from the front; negative ones count from the back. Errors: ErrorKind::bad_data.
inline std::size_t from_front(const NodeView& node, std::int64_t axis, std::size_t rank) {
  const auto count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count) node.broken("axis {} of a tensor with {} dimensions", axis, rank);
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

}  // namespace tern::onnx
