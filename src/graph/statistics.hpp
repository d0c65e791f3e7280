// What a graph looks like: degrees, components, clustering.
#pragma once

#include <cstdint>
#include <vector>

#include "graph/graph.hpp"

namespace tern::graph {

/// Degrees are lengths of rows.
struct DegreeStatistics {
  std::int64_t minimum = 0, median = 0, maximum = 0;
  double mean = 0;
  std::int64_t isolated = 0;  ///< nodes without an edge other than a self loop
  std::int64_t self_loops = 0;
};
DegreeStatistics degree_statistics(const Graph& graph);

/// Of each node: share of the nodes that have no more incoming edges than it, in (0, 1].
std::vector<float> degree_ranks(const Graph& graph);

/// Components, edges taken as undirected. Numbered by their smallest node.
struct Components {
  std::vector<std::int32_t> component;  ///< [num_nodes]
  std::vector<std::int64_t> size;       ///< [components]
};
Components connected_components(const Graph& graph);

/// Local clustering coefficients [num_nodes] of an undirected graph: links between a node's neighbours over
/// all pairs of them; 0 where there are fewer than two (Watts and Strogatz 1998). Self loops do not count.
/// REQUIRES: a symmetric graph.
std::vector<float> clustering_coefficients(const Graph& graph);

}  // namespace tern::graph
