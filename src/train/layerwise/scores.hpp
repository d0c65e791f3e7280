// Scores of nodes by a trained network, and how good they are.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "train/layerwise/node_data.hpp"

namespace tern::train {

/// X <- relu(P X W_l) layer after layer on the whole graph, then Theta: [num_nodes, classes]. weights are
/// [out, in], those of the layers and Theta. Computed as P (X W_l), which is the same and propagates fewer
/// columns; in blocks, with features between layers in `scratch` where that is given. Errors: usage where
/// weights and features do not fit together.
RowMatrix predict(const graph::Graph& graph, const LayerInput& features,
                  const std::vector<at::Tensor>& weights, const std::filesystem::path& scratch = {});

/// Share of `nodes` whose largest score is at their label; nodes without a label do not count. With several
/// labels: micro-F1 over all pairs of node and class together, predicted where score > 0. NaN where no node
/// counts.
double score_of(const RowMatrix& scores, const NodeData& data, std::span<const std::int32_t> nodes);

struct SplitScores {
  double train = 0, validation = 0, test = 0;
};
SplitScores scores_of_splits(const RowMatrix& scores, const NodeData& data);

}  // namespace tern::train
