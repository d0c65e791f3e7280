// Graphs from graphs: reversed, renumbered, cut out, put side by side.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace tern::graph {

/// Every edge (u, v) becomes (v, u). `edge[e]` is the place in the original's `col` of the transposed edge e,
/// so that values of edges can follow. Backward of a product with A is a product with its transpose.
struct Transposed {
  Graph graph;
  std::vector<std::int64_t> edge;
};
Transposed transpose(const Graph& graph);

/// Whether edge (u, v) exists with the same weight wherever (v, u) does.
bool is_symmetric(const Graph& graph);

/// The graph on `nodes` with the edges between them; node i of the result is nodes[i], in any order. Time and
/// memory are those of the rows of `nodes`, and one int32 a node of the graph (kept in `scratch` between
/// calls). Errors: usage for a node out of range or given twice.
Graph induced_subgraph(const Graph& graph, std::span<const std::int32_t> nodes,
                       std::vector<std::int32_t>* scratch = nullptr);

/// The same graph with node i called new_id[i]. REQUIRES: new_id is a permutation. Errors: usage.
Graph relabel(const Graph& graph, std::span<const std::int32_t> new_id);

/// Graphs side by side, block-diagonal: node i of graph k becomes offsets[k] + i. `offsets` has one entry
/// more than there are graphs. Weighted where any graph is.
struct Batched {
  Graph graph;
  std::vector<std::int64_t> offsets;
};
Batched block_diagonal(std::span<const Graph> graphs);

/// Every row with a self loop of weight 1 where it has none.
Graph with_self_loops(const Graph& graph);
Graph without_self_loops(const Graph& graph);

}  // namespace tern::graph
