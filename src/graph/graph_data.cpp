#include "graph/graph_data.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace tern::graph {
namespace {

void check_length(std::size_t size, std::int64_t expected, std::string_view what, std::string_view place) {
  if (size != 0 && static_cast<std::int64_t>(size) != expected)
    fail(ErrorKind::bad_data, place, "{} {}, expected {}", size, what, expected);
}

void check_classes(const std::vector<std::int32_t>& labels, std::int64_t classes, std::string_view what,
                   std::string_view place) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < -1 || labels[i] >= classes)
      fail(ErrorKind::bad_data, place, "{} {} has class {}, expected -1 .. {}", what, i, labels[i],
           classes - 1);
}

}  // namespace

void check(const GraphData& data, std::string_view place) {
  const std::int64_t nodes = data.graph.num_nodes();
  if (data.graph_offsets.empty() || data.graph_offsets.front() != 0 || data.graph_offsets.back() != nodes)
    fail(ErrorKind::bad_data, place, "the graphs do not cover the {} nodes", nodes);
  if (!std::is_sorted(data.graph_offsets.begin(), data.graph_offsets.end()))
    fail(ErrorKind::bad_data, place, "a graph begins before the one in front of it");
  for (std::int64_t k = 0; k < data.num_graphs(); ++k) {
    const auto first = data.graph_offsets[static_cast<std::size_t>(k)];
    const auto last = data.graph_offsets[static_cast<std::size_t>(k) + 1];
    for (std::int64_t node = first; node < last; ++node) {
      const auto row = data.graph.neighbours(node);
      if (!row.empty() && (row.front() < first || row.back() >= last))
        fail(ErrorKind::bad_data, place, "node {} of graph {} has an edge into another graph", node - first,
             k);
    }
  }
  if (data.features.is_sparse) {
    check(data.features.sparse, place);
    if (data.features.sparse.rows != nodes || data.features.sparse.columns != data.features.columns)
      fail(ErrorKind::bad_data, place, "features of {} by {}, expected {} by {}", data.features.sparse.rows,
           data.features.sparse.columns, nodes, data.features.columns);
  } else if (static_cast<std::int64_t>(data.features.dense.size()) != nodes * data.features.columns) {
    fail(ErrorKind::bad_data, place, "{} feature values, expected {} by {}", data.features.dense.size(),
         nodes, data.features.columns);
  }
  check_length(data.labels.size(), nodes, "node labels", place);
  check_length(data.node_tags.size(), nodes, "node tags", place);
  check_length(data.graph_labels.size(), data.num_graphs(), "graph labels", place);
  check_length(data.multi_labels.size(), nodes * data.num_classes, "values of several labels", place);
  check_classes(data.labels, data.num_classes, "node", place);
  check_classes(data.graph_labels, data.num_classes, "graph", place);
  const std::int64_t items = data.graph_labels.empty() ? nodes : data.num_graphs();
  for (const Split& split : data.splits)
    for (const auto* part : {&split.train, &split.validation, &split.test})
      for (const std::int32_t id : *part)
        if (id < 0 || id >= items)
          fail(ErrorKind::bad_data, place, "a split holds {}, expected 0 .. {}", id, items - 1);
}

}  // namespace tern::graph
