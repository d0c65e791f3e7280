// From scores to probabilities.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_softmax(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  if (src.size() != 3 && src.size() != 1)
    context.refuse("expected input [c, h, w] or [features], got {}", to_string(src));
  return context.src[0];
}

}  // namespace

const OpSpec softmax{
    .info = {"softmax", "exp(x - max) / sum of exp(x - max) over the features, or over the channels of each place",
             "Bridle 1990", {}},
    .infer = infer_softmax,
};

}  // namespace tern::net::ops
