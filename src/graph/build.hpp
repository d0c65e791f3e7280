// Graphs from lists of edges.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace tern::graph {

/// Edges as files give them: any order, any number of times. `weight` is empty or has one value an edge.
struct EdgeList {
  std::int64_t num_nodes = 0;
  std::vector<std::int32_t> source, target;
  std::vector<float> weight;
};

enum class SelfLoops {
  keep,
  remove,
  add
};  ///< `add`: every node has exactly one, of weight 1 where it had none

struct BuildOptions {
  bool symmetrise = true;  ///< edge (u, v) also gives (v, u)
  bool merge = true;  ///< equal edges become one, with the largest of their weights (as Kipf symmetrises)
  SelfLoops self_loops = SelfLoops::remove;
};

/// The graph of a list of edges, rows ascending. Errors: bad_data at `place`: "edge 17: node 2708 is not in 0
/// .. 2707", weights that are not finite or not one an edge.
Graph build_graph(const EdgeList& edges, const BuildOptions& options = {}, std::string_view place = "edges");

}  // namespace tern::graph
