// The torch meaning of an operation, and the table of all of them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "learn/forward.hpp"

namespace tern::learn {

/// What one edge of the Net holds while it runs: one of these.
struct Value {
  at::Tensor tensor{};
  std::shared_ptr<const SparseRows> sparse{};  ///< a tensor, too: features of which most are zero
  std::shared_ptr<const GraphValue> graph{};
  std::shared_ptr<const Assignment> assignment{};
};

/// One node to compute. Tensors are folded: [num_steps * n, shape...], or [n, shape...] for a type without time;
/// [.., c, h, w] is in channels-last memory.
struct OpCall {
  Model& model;
  const net::Node& node;
  std::vector<at::Tensor> src;
  std::int64_t num_steps;
  const ForwardOptions& options;
  std::vector<Value> values{};            ///< of the inputs, as `src`, for those that are no tensors
  const net::Node* fused_norm = nullptr;  ///< batch_norm to apply to src[0] first (neurons only)

  net::OpContext context() const { return model.net().context(node); }
};

using OpMeaning = at::Tensor (*)(OpCall&);

/// Meaning of operations that take or give more than tensors.
using ValueMeaning = Value (*)(OpCall&);

/// Errors: ErrorKind::unsupported naming the operation and the node.
OpMeaning find_meaning(const net::Node& node);
/// graph_table.cpp: null where the operation works on tensors alone.
ValueMeaning find_graph_meaning(const net::Node& node);
/// Of operations that serve sparse features as they are; null: they are made dense first.
ValueMeaning find_sparse_meaning(const net::Node& node);

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
at::Tensor gelu(OpCall&);
at::Tensor hard_swish(OpCall&);
at::Tensor leaky_relu(OpCall&);
at::Tensor pad2d(OpCall&);
at::Tensor slice(OpCall&);
at::Tensor softmax(OpCall&);
at::Tensor upsample2d(OpCall&);
at::Tensor elu(OpCall&);
at::Tensor tanh(OpCall&);
at::Tensor layer_norm(OpCall&);
Value graph(OpCall&);
Value propagate(OpCall&);
Value graph_attention(OpCall&);
Value graph_readout(OpCall&);
Value mincut(OpCall&);
Value diffpool(OpCall&);
Value topk(OpCall&);
Value sagpool(OpCall&);
Value graph_pool(OpCall&);
Value graph_coarsen(OpCall&);
Value graph_lift(OpCall&);
Value sparse_dropout(OpCall&);
Value sparse_linear(OpCall&);
}  // namespace ops

}  // namespace tern::learn
