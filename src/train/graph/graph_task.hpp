// A node classification set as tensors, and how a model does on it.
#pragma once

#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "graph/graph_data.hpp"
#include "learn/graph/graph_batch.hpp"
#include "learn/model.hpp"
#include "train/batch_source.hpp"

namespace tern::train {

/// The whole graph. Copies share everything.
struct NodeTask {
  std::shared_ptr<const learn::GraphBatch> graph;  ///< with the features where they are sparse
  at::Tensor frames;                               ///< dense features [nodes, columns], undefined where sparse
  at::Tensor targets;                              ///< float [nodes, classes] of 0 and 1; rows of 0 without label
  at::Tensor labels;                               ///< int64 [nodes]; undefined where nodes have several labels
  at::Tensor train, validation, test;              ///< int64, ascending
  std::string metric;                              ///< a row of metric_table()
  std::string loss = "ce";                         ///< a row of learn::loss_table(): of validation
};

/// REQUIRES: graph::check passed. Errors: usage where the set has no features, no labels of nodes, not exactly one
/// split, or a metric that does not suit.
NodeTask node_task(const graph::GraphData& data, const std::string& metric = {}, const std::string& loss = "ce");

/// The batch of one graph set, features included, for procedures that make their own rows.
std::shared_ptr<const learn::GraphBatch> graph_batch(const graph::GraphData& data);

/// Scores of every node in evaluation, [nodes, classes].
at::Tensor score_nodes(learn::Model& model, const NodeTask& task);

/// One forward over the whole graph, then the metric on validation and test nodes and the loss on validation nodes. Records no gradients.
Scores evaluate_nodes(learn::Model& model, const NodeTask& task);

}  // namespace tern::train
