// A graph data set in memory: what every reader returns and every graph network trains on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"
#include "graph/sparse_matrix.hpp"

namespace tern::graph {

/// Node features [num_nodes, columns]: dense, or sparse where most entries are zero. columns is 0 where there
/// are none.
struct Features {
  std::int64_t columns = 0;
  std::vector<float> dense;  ///< [num_nodes, columns], row-major; empty where sparse
  SparseMatrix sparse;       ///< used where is_sparse
  bool is_sparse = false;
};

/// Ids of nodes, or of graphs where graphs are classified; ascending not promised.
struct Split {
  std::vector<std::int32_t> train, validation, test;
};

/// One graph, or many side by side (block-diagonal): graph k owns nodes graph_offsets[k] .. graph_offsets[k +
/// 1]-1.
struct GraphData {
  Graph graph;
  std::vector<std::int64_t> graph_offsets{0};
  Features features;
  std::int64_t num_classes = 0;
  /// Class of each node, -1 where unknown; empty where nodes have no single label.
  std::vector<std::int32_t> labels;
  /// [num_nodes, num_classes] of 0 and 1 where a node has several labels (PPI), else empty.
  std::vector<std::uint8_t> multi_labels;
  /// Class of each graph; empty where nodes are classified.
  std::vector<std::int32_t> graph_labels;
  /// Discrete tag of each node (TU node labels, GIN tags), numbered from 0; empty where there are none.
  std::vector<std::int32_t> node_tags;
  /// The published splits, none where the set has none.
  std::vector<Split> splits;

  std::int64_t num_graphs() const { return static_cast<std::int64_t>(graph_offsets.size()) - 1; }
};

/// Checks that sizes, labels, offsets and splits fit the graph. Errors: bad_data at `place`.
void check(const GraphData& data, std::string_view place);

}  // namespace tern::graph
