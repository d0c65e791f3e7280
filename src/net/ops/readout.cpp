// From spikes to class scores.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_mean_time(const OpContext& context) {
  if (!context.src[0].has_time) context.refuse("expected an input with a time axis, got {}", to_string(context.src[0]));
  return {false, context.src[0].shape};
}

TensorType infer_vote(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  const std::int64_t group = context.integer("group");
  if (src.size() != 1 || src[0] % group != 0)
    context.refuse("expected [features] with a multiple of {} features, got {}", group, to_string(src));
  return {context.src[0].has_time, {src[0] / group}};
}

}  // namespace

const OpSpec mean_time{
    .info = {"mean_time", "mean over the time axis: spikes become rates", "", {}},
    .is_temporal = true,
    .infer = infer_mean_time,
};

const OpSpec vote{
    .info = {"vote", "class voting: the mean of each group of consecutive neurons is one class's score",
             "Fang et al. 2021, Incorporating Learnable Membrane Time Constant",
             {{"group", "int", "10", "> 0", "neurons a class"}}},
    .infer = infer_vote,
};

}  // namespace tern::net::ops
