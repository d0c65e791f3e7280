#include "graph/transform.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;

/// Rows written one after another.
class RowWriter {
 public:
  explicit RowWriter(bool weighted) : weighted_(weighted) { rowptr_.push_back(0); }
  void add(std::int32_t column, float weight) {
    col_.push_back(column);
    if (weighted_) weight_.push_back(weight);
  }
  void end_row() { rowptr_.push_back(static_cast<std::int64_t>(col_.size())); }
  /// Sorts the row that is being written.
  void sort_row() {
    const auto begin = static_cast<std::ptrdiff_t>(rowptr_.back());
    if (!weighted_) return std::sort(col_.begin() + begin, col_.end());
    std::vector<std::pair<std::int32_t, float>> row;
    for (Index e = static_cast<Index>(begin); e < col_.size(); ++e) row.emplace_back(col_[e], weight_[e]);
    std::stable_sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (Index e = 0; e < row.size(); ++e)
      std::tie(col_[static_cast<Index>(begin) + e], weight_[static_cast<Index>(begin) + e]) = row[e];
  }
  Graph finish() { return Graph(std::move(rowptr_), std::move(col_), std::move(weight_)); }

 private:
  bool weighted_;
  std::vector<std::int64_t> rowptr_;
  std::vector<std::int32_t> col_;
  std::vector<float> weight_;
};

template <typename Visit>
void for_each_edge_of(const Graph& graph, std::int64_t row, const Visit& visit) {
  for (std::int64_t e = graph.rowptr()[static_cast<Index>(row)];
       e < graph.rowptr()[static_cast<Index>(row) + 1]; ++e)
    visit(graph.col()[static_cast<Index>(e)], graph.weight_of(e));
}

}  // namespace

Transposed transpose(const Graph& graph) {
  const auto nodes = static_cast<Index>(graph.num_nodes());
  std::vector<std::int64_t> rowptr(nodes + 1, 0);
  for (const std::int32_t v : graph.col()) ++rowptr[static_cast<Index>(v) + 1];
  for (Index row = 0; row < nodes; ++row) rowptr[row + 1] += rowptr[row];
  std::vector<std::int64_t> next(rowptr.begin(), rowptr.end() - 1), edge(graph.col().size());
  std::vector<std::int32_t> col(graph.col().size());
  std::vector<float> weight(graph.weight().size());
  for (Index u = 0; u < nodes; ++u)
    for (auto e = static_cast<Index>(graph.rowptr()[u]); e < static_cast<Index>(graph.rowptr()[u + 1]); ++e) {
      const auto at = static_cast<Index>(next[static_cast<Index>(graph.col()[e])]++);
      col[at] = static_cast<std::int32_t>(u);
      edge[at] = static_cast<std::int64_t>(e);
      if (graph.is_weighted()) weight[at] = graph.weight()[e];
    }
  return {Graph(std::move(rowptr), std::move(col), std::move(weight)), std::move(edge)};
}

bool is_symmetric(const Graph& graph) {
  // Rows ascend, so that going through all of them in order meets each row's own entries in order, too.
  std::vector<std::int64_t> next(graph.rowptr().begin(), graph.rowptr().end() - 1);
  for (std::int32_t u = 0; u < graph.num_nodes(); ++u)
    for (std::int64_t e = graph.rowptr()[static_cast<Index>(u)];
         e < graph.rowptr()[static_cast<Index>(u) + 1]; ++e) {
      const auto v = static_cast<Index>(graph.col()[static_cast<Index>(e)]);
      const std::int64_t other = next[v]++;
      if (other >= graph.rowptr()[v + 1] || graph.col()[static_cast<Index>(other)] != u) return false;
      if (graph.weight_of(other) != graph.weight_of(e)) return false;
    }
  return true;
}

Graph induced_subgraph(const Graph& graph, std::span<const std::int32_t> nodes,
                       std::vector<std::int32_t>* scratch) {
  std::vector<std::int32_t> own;
  std::vector<std::int32_t>& place = scratch != nullptr ? *scratch : own;  // -1 everywhere between calls
  place.resize(static_cast<Index>(graph.num_nodes()), -1);
  const auto forget = [&](std::span<const std::int32_t> marked) {
    for (const std::int32_t node : marked) place[static_cast<Index>(node)] = -1;
  };
  for (Index i = 0; i < nodes.size(); ++i) {
    if (nodes[i] >= 0 && nodes[i] < graph.num_nodes() && place[static_cast<Index>(nodes[i])] < 0) {
      place[static_cast<Index>(nodes[i])] = static_cast<std::int32_t>(i);
      continue;
    }
    const bool in_range = nodes[i] >= 0 && nodes[i] < graph.num_nodes();
    forget(nodes.first(i));
    if (in_range) fail(ErrorKind::usage, "induced_subgraph", "node {} is given twice", nodes[i]);
    fail(ErrorKind::usage, "induced_subgraph", "node {} is not in 0 .. {}", nodes[i], graph.num_nodes() - 1);
  }
  const bool ascending = std::is_sorted(nodes.begin(), nodes.end());
  RowWriter rows(graph.is_weighted());
  for (const std::int32_t node : nodes) {
    for_each_edge_of(graph, node, [&](std::int32_t v, float weight) {
      if (place[static_cast<Index>(v)] >= 0) rows.add(place[static_cast<Index>(v)], weight);
    });
    if (!ascending) rows.sort_row();
    rows.end_row();
  }
  forget(nodes);
  return rows.finish();
}

Graph relabel(const Graph& graph, std::span<const std::int32_t> new_id) {
  const std::int64_t n = graph.num_nodes();
  if (static_cast<std::int64_t>(new_id.size()) != n)
    fail(ErrorKind::usage, "relabel", "{} new ids for {} nodes", new_id.size(), n);
  std::vector<std::int32_t> old_id(static_cast<Index>(n), -1);
  for (Index i = 0; i < new_id.size(); ++i) {
    if (new_id[i] < 0 || new_id[i] >= n || old_id[static_cast<Index>(new_id[i])] >= 0)
      fail(ErrorKind::usage, "relabel", "new id {} of node {} is out of range or given twice", new_id[i], i);
    old_id[static_cast<Index>(new_id[i])] = static_cast<std::int32_t>(i);
  }
  RowWriter rows(graph.is_weighted());
  for (const std::int32_t node : old_id) {
    for_each_edge_of(graph, node,
                     [&](std::int32_t v, float weight) { rows.add(new_id[static_cast<Index>(v)], weight); });
    rows.sort_row();
    rows.end_row();
  }
  return rows.finish();
}

Batched block_diagonal(std::span<const Graph> graphs) {
  Batched out;
  bool weighted = false;
  out.offsets.push_back(0);
  for (const Graph& graph : graphs) {
    weighted |= graph.is_weighted();
    out.offsets.push_back(out.offsets.back() + graph.num_nodes());
  }
  if (out.offsets.back() > most_nodes)
    fail(ErrorKind::usage, "block_diagonal", "{} nodes: at most {} are possible", out.offsets.back(),
         most_nodes);
  RowWriter rows(weighted);
  for (Index k = 0; k < graphs.size(); ++k)
    for (std::int64_t node = 0; node < graphs[k].num_nodes(); ++node) {
      for_each_edge_of(graphs[k], node, [&](std::int32_t v, float weight) {
        rows.add(static_cast<std::int32_t>(out.offsets[k] + v), weight);
      });
      rows.end_row();
    }
  out.graph = rows.finish();
  return out;
}

Graph with_self_loops(const Graph& graph) {
  RowWriter rows(graph.is_weighted());
  for (std::int32_t node = 0; node < graph.num_nodes(); ++node) {
    bool done = false;
    for_each_edge_of(graph, node, [&](std::int32_t v, float weight) {
      if (!done && v > node) rows.add(node, 1.0F);
      done |= v >= node;
      rows.add(v, weight);
    });
    if (!done) rows.add(node, 1.0F);
    rows.end_row();
  }
  return rows.finish();
}

Graph without_self_loops(const Graph& graph) {
  RowWriter rows(graph.is_weighted());
  for (std::int32_t node = 0; node < graph.num_nodes(); ++node) {
    for_each_edge_of(graph, node, [&](std::int32_t v, float weight) {
      if (v != node) rows.add(v, weight);
    });
    rows.end_row();
  }
  return rows.finish();
}

}  // namespace tern::graph
