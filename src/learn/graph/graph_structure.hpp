// A graph made ready for training: its transpose and its normalisations, computed once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "graph/graph.hpp"
#include "graph/normalise.hpp"
#include "graph/transform.hpp"

namespace tern::learn {

/// One graph, or many side by side: graph k owns nodes offsets[k] .. offsets[k+1]-1. What it computes on demand stays;
/// safe to read from any thread.
class GraphStructure {
 public:
  /// `offsets` empty: one graph. Errors: usage where offsets do not rise from 0 to the number of nodes.
  explicit GraphStructure(graph::Graph graph, std::vector<std::int64_t> offsets = {});

  const graph::Graph& graph() const { return graph_; }
  const std::vector<std::int64_t>& offsets() const { return offsets_; }
  std::int64_t num_nodes() const { return graph_.num_nodes(); }
  std::int64_t num_graphs() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  /// Every edge reversed: what backward multiplies with.
  const graph::Transposed& transposed() const;
  /// Whether every edge has its reverse with the same weight.
  bool is_symmetric() const;
  const graph::Scales& scales(graph::Normalisation normalisation, double lambda = 1) const;
  /// With a self loop in every row, as attention needs it: `edge[e]` is the place there of edge e.
  struct Looped {
    std::shared_ptr<const GraphStructure> structure;
    std::vector<std::int64_t> edge;
  };
  const Looped& with_self_loops() const;

 private:
  graph::Graph graph_;
  std::vector<std::int64_t> offsets_;
  mutable std::mutex mutex_;
  mutable bool has_transposed_ = false;
  mutable graph::Transposed transposed_;
  mutable std::optional<bool> is_symmetric_;
  mutable Looped looped_;
  mutable std::map<std::pair<graph::Normalisation, double>, graph::Scales> scales_;
};

}  // namespace tern::learn
