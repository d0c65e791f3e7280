// Larger images by repetition.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_upsample2d(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  if (src.size() != 3) context.refuse("expected input [c, h, w], got {}", to_string(src));
  const auto [vertical, horizontal] = context.pair("factor");
  return {context.src[0].has_time, {src[0], src[1] * vertical, src[2] * horizontal}};
}

}  // namespace

const OpSpec upsample2d{
    .info = {"upsample2d", "nearest neighbour: every value repeated factor times in both directions", "",
             {{"factor", "int list", "2", "> 0", "vertical, horizontal"}}},
    .infer = infer_upsample2d,
};

}  // namespace tern::net::ops
