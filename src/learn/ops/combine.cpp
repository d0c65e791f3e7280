// Operations that bring several tensors together: add, multiply, concat.
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {

at::Tensor add(OpCall& call) {
  at::Tensor sum = call.src[0] + call.src[1];
  for (std::size_t i = 2; i < call.src.size(); ++i) sum = sum + call.src[i];
  return sum;
}

at::Tensor multiply(OpCall& call) {
  at::Tensor product = call.src[0];
  for (std::size_t i = 1; i < call.src.size(); ++i) {
    const at::Tensor& next = call.src[i];
    const bool is_gate = product.dim() == 4 && next.dim() == 2;
    product = product * (is_gate ? next.view({next.size(0), next.size(1), 1, 1}) : next);
  }
  return product;
}

at::Tensor concat(OpCall& call) {
  const at::Tensor joined = at::cat(call.src, 1);
  return joined.dim() == 4 ? joined.contiguous(at::MemoryFormat::ChannelsLast) : joined;
}

}  // namespace tern::learn::ops
