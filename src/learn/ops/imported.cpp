// Operations that imported networks bring: pad2d, slice, softmax, upsample2d.
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

at::Tensor channels_last(const at::Tensor& tensor) {
  return tensor.dim() == 4 ? tensor.contiguous(at::MemoryFormat::ChannelsLast) : tensor;
}

}  // namespace

at::Tensor pad2d(OpCall& call) {
  const net::OpContext context = call.context();
  const auto& border = context.integers("border");  // top, left, bottom, right
  return channels_last(at::constant_pad_nd(call.src[0], {border[1], border[3], border[0], border[2]}, context.real("value")));
}

at::Tensor slice(OpCall& call) {
  const net::OpContext context = call.context();
  const at::Tensor part = call.src[0].slice(1, context.integer("begin"), context.integer("end"));
  return part.dim() == 4 ? channels_last(part) : part.contiguous();
}

at::Tensor softmax(OpCall& call) { return at::softmax(call.src[0], 1); }

at::Tensor upsample2d(OpCall& call) {
  const auto [vertical, horizontal] = call.context().pair("factor");
  return channels_last(call.src[0].repeat_interleave(vertical, 2).repeat_interleave(horizontal, 3));
}

}  // namespace tern::learn::ops
