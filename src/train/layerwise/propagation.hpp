// The one sparse product of a layer: X <- P X with P = C^-1 (A + I) + I.
#pragma once

#include <filesystem>
#include <string>

#include "graph/graph.hpp"
#include "graph/normalise.hpp"
#include "train/layerwise/layer_input.hpp"

namespace tern::train {

/// A graph whose matrix P (graph::Normalisation::lgcn, You et al. 2020) multiplies features, block of rows
/// after block of rows, so that mapped ones need not fit into memory. Counts its products and their time.
class Propagation {
 public:
  /// `scratch`: folder for dense results, empty: memory.
  Propagation(graph::Graph graph, std::filesystem::path scratch);

  const graph::Graph& graph() const { return graph_; }
  /// P X, of the shape of X. A sparse X gives a sparse result where that is (by a sample of its rows) to at
  /// most a quarter not zero, otherwise a dense one. Bits do not depend on threads, on blocks or on where
  /// rows lie. REQUIRES: as many rows as nodes. `name` is that of the scratch file.
  LayerInput run(const LayerInput& input, const std::string& name);

  int count() const { return count_; }
  double seconds() const { return seconds_; }

 private:
  RowMatrix run_dense(const RowMatrix& input, const std::string& name) const;
  RowMatrix run_to_dense(const graph::SparseMatrix& input, const std::string& name) const;
  LayerInput run_sparse(const graph::SparseMatrix& input, const std::string& name) const;

  graph::Graph graph_;
  graph::Scales scales_;
  std::filesystem::path scratch_;
  int count_ = 0;
  double seconds_ = 0;
};

}  // namespace tern::train
