// A border of constants around images.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_pad2d(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  const auto& border = context.integers("border");
  if (src.size() != 3) context.refuse("expected input [c, h, w], got {}", to_string(src));
  if (border.size() != 4) context.refuse("attribute 'border': expected top, left, bottom, right, got {}",
                                         to_string(Attribute(border)));
  return {context.src[0].has_time, {src[0], src[1] + border[0] + border[2], src[2] + border[1] + border[3]}};
}

}  // namespace

const OpSpec pad2d{
    .info = {"pad2d", "a border of one value around each channel, each side its own width", "",
             {{"border", "int list", "", ">= 0", "rows and columns added: top, left, bottom, right"},
              {"value", "float", "0", "", "what they hold"}}},
    .infer = infer_pad2d,
};

}  // namespace tern::net::ops
