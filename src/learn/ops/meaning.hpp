// The torch meaning of an operation, and the table of all of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "learn/forward.hpp"

namespace tern::learn {

/// One node to compute. Tensors are folded: [num_steps * n, shape...], or [n, shape...] for a type without time;
/// [.., c, h, w] is in channels-last memory.
struct OpCall {
  Model& model;
  const net::Node& node;
  std::vector<at::Tensor> src;
  std::int64_t num_steps;
  const ForwardOptions& options;
  const net::Node* fused_norm = nullptr;  ///< batch_norm to apply to src[0] first (neurons only)

  net::OpContext context() const { return model.net().context(node); }
};

using OpMeaning = at::Tensor (*)(OpCall&);

/// Errors: ErrorKind::unsupported naming the operation and the node.
OpMeaning find_meaning(const net::Node& node);

namespace ops {
at::Tensor conv2d(OpCall&);
at::Tensor linear(OpCall&);
at::Tensor batch_norm(OpCall&);
at::Tensor max_pool2d(OpCall&);
at::Tensor avg_pool2d(OpCall&);
at::Tensor flatten(OpCall&);
at::Tensor add(OpCall&);
at::Tensor multiply(OpCall&);
at::Tensor dropout(OpCall&);
at::Tensor relu(OpCall&);
at::Tensor neuron(OpCall&);
at::Tensor tcja(OpCall&);
at::Tensor quantize(OpCall&);
at::Tensor mean_time(OpCall&);
at::Tensor vote(OpCall&);
at::Tensor concat(OpCall&);
at::Tensor global_avg_pool(OpCall&);
at::Tensor relu6(OpCall&);
at::Tensor sigmoid(OpCall&);
at::Tensor hard_sigmoid(OpCall&);
at::Tensor silu(OpCall&);
at::Tensor hard_swish(OpCall&);
at::Tensor leaky_relu(OpCall&);
at::Tensor pad2d(OpCall&);
at::Tensor slice(OpCall&);
at::Tensor softmax(OpCall&);
at::Tensor upsample2d(OpCall&);
}  // namespace ops

}  // namespace tern::learn
