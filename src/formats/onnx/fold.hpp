// Operators whose inputs are all constants. Private to formats/onnx.
#pragma once

#include <optional>
#include <vector>

#include "formats/onnx/constant.hpp"
#include "formats/onnx/node_view.hpp"

namespace tern::onnx {

/// Stands for the batch in a shape whose batch is symbolic; arithmetic on it is refused.
inline constexpr std::int64_t symbolic_batch = -4611686018427387904;

using Sources = std::vector<const Constant*>;

/// The node's output from its inputs (null: left out), or nothing where the operator is not folded. No result
/// is larger than the inputs together, but for ConstantOfShape with at most 2^16 elements. Errors:
/// ErrorKind::bad_data for shapes that do not fit.
std::optional<Constant> fold(const NodeView& node, const Sources& src);

/// Scales and zero points of QuantizeLinear or DequantizeLinear (inputs 1 and 2) for a tensor of this shape.
/// Errors: ErrorKind::bad_data for counts that do not fit and scales that are not positive;
/// ErrorKind::unsupported for blocks.
Coding read_coding(const NodeView& node, const net::Shape& shape, const Constant& scales,
                   const Constant* zero_points);

/// Parts of fold that compute numbers.
std::optional<Constant> fold_cast(const NodeView& node, const Constant& src);
/// Add, Sub, Mul, Div of one shape, or where one side has a single element; else nothing.
std::optional<Constant> fold_arithmetic(const NodeView& node, const Constant& a, const Constant& b);
std::optional<Constant> fold_quantize(const NodeView& node, const Sources& src);
std::optional<Constant> fold_dequantize(const NodeView& node, const Sources& src);

}  // namespace tern::onnx
