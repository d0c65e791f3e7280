#include "data/graphs/largest_component.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "graph/statistics.hpp"
#include "graph/transform.hpp"

namespace tern::data {
namespace {

using Ids = std::vector<std::int32_t>;

/// Rows `nodes` of a matrix with `columns` values a row; empty stays empty.
template <typename Value>
std::vector<Value> rows_of(const std::vector<Value>& values, std::int64_t columns, const Ids& nodes) {
  std::vector<Value> out;
  if (values.empty()) return out;
  for (const std::int32_t node : nodes) {
    const auto first = values.begin() + node * columns;
    out.insert(out.end(), first, first + columns);
  }
  return out;
}

graph::SparseMatrix rows_of(const graph::SparseMatrix& matrix, const Ids& nodes) {
  graph::SparseMatrix out;
  out.rows = std::ssize(nodes);
  out.columns = matrix.columns;
  for (const std::int32_t node : nodes) {
    const auto first = matrix.rowptr[static_cast<std::size_t>(node)],
               last = matrix.rowptr[static_cast<std::size_t>(node) + 1];
    out.col.insert(out.col.end(), matrix.col.begin() + first, matrix.col.begin() + last);
    if (!matrix.value.empty())
      out.value.insert(out.value.end(), matrix.value.begin() + first, matrix.value.begin() + last);
    out.rowptr.push_back(out.entries());
  }
  return out;
}

}  // namespace

graph::GraphData largest_component(const graph::GraphData& data, std::string_view place) {
  if (!data.graph_labels.empty())
    fail(ErrorKind::usage, place, "components are taken of single graphs, not of many");
  const graph::Components components = graph::connected_components(data.graph);
  if (components.size.size() <= 1) return data;
  const auto largest = static_cast<std::int32_t>(
      std::max_element(components.size.begin(), components.size.end()) - components.size.begin());
  Ids nodes, new_id(components.component.size(), -1);
  for (std::size_t i = 0; i < components.component.size(); ++i) {
    if (components.component[i] != largest) continue;
    new_id[i] = static_cast<std::int32_t>(nodes.size());
    nodes.push_back(static_cast<std::int32_t>(i));
  }
  graph::GraphData out;
  out.graph = graph::induced_subgraph(data.graph, nodes);
  out.graph_offsets = {0, out.graph.num_nodes()};
  out.features.columns = data.features.columns;
  out.features.is_sparse = data.features.is_sparse;
  out.features.dense = rows_of(data.features.dense, data.features.columns, nodes);
  if (data.features.is_sparse) out.features.sparse = rows_of(data.features.sparse, nodes);
  out.num_classes = data.num_classes;
  out.labels = rows_of(data.labels, 1, nodes);
  out.multi_labels = rows_of(data.multi_labels, data.num_classes, nodes);
  out.node_tags = rows_of(data.node_tags, 1, nodes);
  const auto kept = [&](const Ids& ids) {
    Ids result;
    for (const std::int32_t id : ids)
      if (new_id[static_cast<std::size_t>(id)] >= 0) result.push_back(new_id[static_cast<std::size_t>(id)]);
    return result;
  };
  for (const graph::Split& split : data.splits)
    out.splits.push_back({kept(split.train), kept(split.validation), kept(split.test)});
  return out;
}

}  // namespace tern::data
