// Data that some methods look at: calibration, saliency, reconstruction.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "learn/forward.hpp"

namespace tern::compress {

/// One batch as learn::forward and a learn::Loss take it.
struct SampleBatch {
  at::Tensor frames;   ///< [num_steps * n, c, h, w], or [nodes, features]
  at::Tensor targets;  ///< [n, classes], of softmax losses rows sum to 1
  std::int64_t num_steps = 1;
  std::shared_ptr<const learn::GraphBatch> graph{};  ///< of graph networks
  at::Tensor rows{};  ///< int64, the nodes that `targets` belong to; undefined: all
};

/// Batches of training data, never of validation or test data; not augmented.
using Samples = std::vector<SampleBatch>;

/// Scores of the rows that have targets. The batch's graph takes the place of options.graph.
at::Tensor run(learn::Model& model, const SampleBatch& batch, learn::ForwardOptions options = {});

}  // namespace tern::compress
