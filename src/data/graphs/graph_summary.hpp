// What a graph data set holds, for people and programs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph_data.hpp"
#include "graph/statistics.hpp"

namespace tern::data {

struct GraphSummary {
  std::int64_t nodes = 0, graphs = 0;
  std::int64_t undirected_edges =
      0;                          ///< pairs (u, v), u < v, with an edge in either direction; self loops never
  std::int64_t stored_edges = 0;  ///< entries of the rows
  bool symmetric = true;
  std::int64_t features = 0;
  bool sparse_features = false;
  double feature_density = 0;  ///< share of entries that are not zero
  std::int64_t classes = 0;
  std::int64_t unlabelled = 0;  ///< nodes (graphs) of class -1
  std::vector<std::int64_t>
      class_sizes;  ///< samples of each class, of positive labels where a node has several
  bool multi_label = false, of_graphs = false;
  graph::DegreeStatistics degree;
  std::int64_t components = 0, largest_component = 0;  ///< over all graphs
  /// Share of edges between nodes of equal class (edge homophily), and the same less what class degrees alone
  /// give (adjusted homophily, Platonov et al. 2023, "Characterizing graph datasets for node
  /// classification"): NaN where nodes have no single label.
  double edge_homophily = 0, adjusted_homophily = 0;
  struct Parts {
    std::int64_t train, validation, test;
  };
  std::vector<Parts> splits;
};

GraphSummary summarise(const graph::GraphData& data);

/// As lines of text.
std::string describe(const std::string& name, const GraphSummary& summary);

}  // namespace tern::data
