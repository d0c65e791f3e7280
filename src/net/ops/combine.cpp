// Operations that bring several tensors together: add, multiply, concat.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_equal_inputs(const OpContext& context) {
  for (const auto& type : context.src)
    if (type != context.src[0])
      context.refuse("inputs differ: {} and {}", to_string(context.src[0]), to_string(type));
  return context.src[0];
}

/// Every later input equals the first, or is its gate: [c] or [c, 1, 1] against [c, h, w].
TensorType infer_multiply(const OpContext& context) {
  const TensorType& first = context.src[0];
  for (const auto& type : context.src)
    if (type != first && !(type.has_time == first.has_time && is_channel_gate(type.shape, first.shape)))
      context.refuse("expected inputs like {} or one value a channel, got {}", to_string(first), to_string(type));
  return first;
}

TensorType infer_concat(const OpContext& context) {
  TensorType dst = context.src[0];
  if (dst.shape.size() != 3 && dst.shape.size() != 1)
    context.refuse("expected inputs [c, h, w] or [features], got {}", to_string(dst.shape));
  for (std::size_t i = 1; i < context.src.size(); ++i) {
    TensorType next = context.src[i];
    const std::int64_t channels = next.shape.empty() ? 0 : next.shape[0];
    if (channels > 0) next.shape[0] = context.src[0].shape[0];
    if (next != context.src[0])
      context.refuse("inputs differ in more than their channels: {} and {}", to_string(context.src[0]),
                     to_string(context.src[i]));
    dst.shape[0] += channels;
  }
  return dst;
}

}  // namespace

bool is_channel_gate(const Shape& gate, const Shape& shape) {
  return shape.size() == 3 && (gate == Shape{shape[0]} || gate == Shape{shape[0], 1, 1});
}

const OpSpec add{
    .info = {"add", "elementwise sum of its inputs", "", {}},
    .min_inputs = 2,
    .max_inputs = 8,
    .infer = infer_equal_inputs,
};

const OpSpec multiply{
    .info = {"multiply", "elementwise product; a later input [c] or [c, 1, 1] multiplies whole channels of [c, h, w]",
             "gates: Hu et al. 2018, Squeeze-and-Excitation Networks", {}},
    .min_inputs = 2,
    .max_inputs = 8,
    .infer = infer_multiply,
};

const OpSpec concat{
    .info = {"concat", "its inputs one behind another along the channels or features", "", {}},
    .min_inputs = 2,
    .max_inputs = 16,
    .infer = infer_concat,
};

}  // namespace tern::net::ops
