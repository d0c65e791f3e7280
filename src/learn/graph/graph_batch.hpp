// What the edges of a graph network carry besides tensors.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "graph/sparse_matrix.hpp"
#include "learn/graph/graph_structure.hpp"

namespace tern::learn {

/// The graphs of a batch: sparse as they come from data, dense behind soft clustering.
struct GraphValue {
  std::shared_ptr<const GraphStructure> sparse;  ///< null where dense
  /// [num_edges] a factor of each edge of `sparse`, in its order, which may require gradients (edges that are learned or
  /// pruned); undefined: 1. Degrees for normalising are those of the graph, without it.
  at::Tensor edge_factor;
  at::Tensor dense;  ///< [graphs, clusters, clusters]; rows of the batch are graph after graph
  bool is_dense() const { return sparse == nullptr; }
  std::int64_t num_graphs() const { return is_dense() ? dense.size(0) : sparse->num_graphs(); }
  std::int64_t num_rows() const { return is_dense() ? dense.size(0) * dense.size(1) : sparse->num_nodes(); }
};

/// Which nodes of `source` make up the nodes of the smaller graph.
struct Assignment {
  GraphValue source;
  at::Tensor soft;  ///< S [rows of source, clusters of a graph], rows sum to 1; undefined where nodes are selected
  at::Tensor kept;  ///< int64, rows of source that stay, graph after graph
  at::Tensor gate;  ///< [kept] what their features are multiplied with
};

/// Features of which most are zero (bags of words), with the dropout that has hit them.
struct SparseRows {
  std::shared_ptr<const graph::SparseMatrix> matrix;             ///< [rows, features]
  std::shared_ptr<const graph::TransposedMatrix> transposed;     ///< of it, for gradients
  at::Tensor keep;     ///< uint8 [entries] of 0 and 1; undefined: all are kept
  float factor = 1;    ///< of every entry
};
/// Errors: bad_data where the matrix contradicts itself.
SparseRows sparse_rows(graph::SparseMatrix matrix);
/// [rows, features].
at::Tensor to_dense(const SparseRows& rows);

/// What a batch of a graph network brings beside its features.
struct GraphBatch {
  GraphValue graph;
  std::shared_ptr<const SparseRows> features;  ///< null: the frames given to forward() are the features
};

/// A term that an operation adds to the loss, such as those of mincut.
struct AuxiliaryLoss {
  std::string name;  ///< "NODE.cut"
  at::Tensor value;  ///< scalar, its weight included
};

}  // namespace tern::learn
