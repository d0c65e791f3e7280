// A part of the channels.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_slice(const OpContext& context) {
  TensorType dst = context.src[0];
  if (dst.shape.size() != 3 && dst.shape.size() != 1)
    context.refuse("expected input [c, h, w] or [features], got {}", to_string(dst.shape));
  const std::int64_t begin = context.integer("begin"), end = context.integer("end");
  if (begin >= end || end > dst.shape[0])
    context.refuse("channels {} to {} are no part of {}", begin, end, dst.shape[0]);
  dst.shape[0] = end - begin;
  return dst;
}

}  // namespace

const OpSpec slice{
    .info = {"slice", "channels or features begin .. end - 1 of its input", "",
             {{"begin", "int", "0", ">= 0", "first channel"}, {"end", "int", "", "> 0", "behind the last channel"}}},
    .infer = infer_slice,
};

}  // namespace tern::net::ops
