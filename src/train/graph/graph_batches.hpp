// Batches of whole graphs, side by side.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph_data.hpp"
#include "train/batch_source.hpp"

namespace tern::train {

/// A set of many graphs cut into single ones, to be put side by side in any choice and order.
class GraphShelf {
 public:
  /// `data` must outlive it. Errors: usage where graphs have no labels or nodes no features.
  explicit GraphShelf(const graph::GraphData& data);

  /// One block-diagonal batch: a row of features a node, a row of targets a graph.
  TrainBatch batch(std::span<const std::int32_t> graphs, double label_smoothing = 0) const;
  /// All of them in batches of at most `batch_size`.
  std::vector<TrainBatch> batches(std::span<const std::int32_t> graphs, std::int64_t batch_size) const;

 private:
  graph::SparseMatrix sparse_rows(std::span<const std::int32_t> graphs) const;
  at::Tensor dense_rows(std::span<const std::int32_t> graphs) const;

  const graph::GraphData& data_;
  std::vector<graph::Graph> graphs_;
  at::Tensor features_;  ///< [all nodes, columns] where dense
};

}  // namespace tern::train
