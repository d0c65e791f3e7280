// What flows along the edges of a Net.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tern::net {

using Shape = std::vector<std::int64_t>;

/// Product of the extents; 1 for a scalar.
std::int64_t num_elements(const Shape& shape);

/// "[2, 34, 34]".
std::string to_string(const Shape& shape);

/// What an edge of a Net carries. In a graph network the samples of a tensor are nodes of graphs, or clusters of them.
enum class Kind : std::uint8_t {
  tensor,
  graph,      ///< the edges between the samples of a batch; shape is {mean degree}, 0 where it is not known
  assignment  ///< which nodes belong to which clusters: shape is {clusters of a graph}, or {} where nodes are selected
};
std::string_view name_of(Kind kind);

/// Type of one tensor: `shape` is that of one sample at one step. The batch is always there and always symbolic; time
/// is there when `has_time`. In memory the tensor is [num_steps, n, shape...] or [n, shape...], row-major.
struct TensorType {
  bool has_time = true;
  Shape shape;
  Kind kind = Kind::tensor;
  bool operator==(const TensorType&) const = default;
};

/// "[T, N, 2, 34, 34]", "[N, 10]", "graph" or "assignment [8]".
std::string to_string(const TensorType& type);

/// Value of a node's attribute.
using Attribute = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>>;

/// How a message prints it: 3, 0.5, true, "hard", [3, 3].
std::string to_string(const Attribute& value);

}  // namespace tern::net
