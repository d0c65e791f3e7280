// Runs a Model on libtorch.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "learn/graph/graph_batch.hpp"
#include "learn/model.hpp"

namespace tern::learn {

struct ForwardOptions {
  bool training = false;   ///< batch statistics, dropout, gradients through quantizers
  bool frozen_norms = false;  ///< with training: batch norms use their running statistics and leave them alone
  std::uint64_t seed = 0;  ///< of this step's dropout masks
  std::shared_ptr<const GraphBatch> graph;  ///< what `graph` nodes stand for; null: the Net has none
  std::vector<AuxiliaryLoss>* auxiliary = nullptr;  ///< where operations put their own losses; null: nobody wants them
  /// Sees every node's output that is a tensor; slows the run down, since fused nodes are then computed one by one.
  std::function<void(const net::Node&, const at::Tensor&)> observer;
};

/// Scores of a batch.
/// `frames`: [num_steps * n, c, h, w] (time outermost), float32, best in channels-last memory; [n, ...] for a Net without
/// time. In a graph network n counts nodes, and frames are their features (undefined where the batch has sparse ones). Result: the output node's tensor with time and batch folded, such as [n, classes].
/// In evaluation a quantized kernel works on its integer codes and the result is scaled afterwards, exactly as the
/// engine does: sums of integers are exact in any order, so that both agree bit for bit.
/// Errors: ErrorKind::usage where the frames' shape is not the Net's.
at::Tensor forward(Model& model, const at::Tensor& frames, std::int64_t num_steps, const ForwardOptions& options);

}  // namespace tern::learn
