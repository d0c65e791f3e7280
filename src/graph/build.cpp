#include "graph/build.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "base/threads.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;
constexpr std::int64_t rows_a_range = 1 << 12;

void check(const EdgeList& edges, std::string_view place) {
  if (edges.num_nodes < 0 || edges.num_nodes > most_nodes)
    fail(ErrorKind::bad_data, place, "{} nodes: expected 0 .. {}", edges.num_nodes, most_nodes);
  if (edges.source.size() != edges.target.size())
    fail(ErrorKind::bad_data, place, "{} sources and {} targets", edges.source.size(), edges.target.size());
  if (!edges.weight.empty() && edges.weight.size() != edges.source.size())
    fail(ErrorKind::bad_data, place, "{} weights for {} edges", edges.weight.size(), edges.source.size());
  for (Index e = 0; e < edges.source.size(); ++e)
    for (const std::int32_t node : {edges.source[e], edges.target[e]})
      if (node < 0 || node >= edges.num_nodes)
        fail(ErrorKind::bad_data, place, "edge {}: node {} is not in 0 .. {}", e, node, edges.num_nodes - 1);
  for (Index e = 0; e < edges.weight.size(); ++e)
    if (!std::isfinite(edges.weight[e]))
      fail(ErrorKind::bad_data, place, "edge {} weighs {}", e, edges.weight[e]);
}

struct Rows {
  std::vector<std::int64_t> rowptr;
  std::vector<std::int32_t> col;
  std::vector<float> weight;
};

/// Calls put(row, column, edge) for every entry that the options ask for; edge is -1 for an added self loop.
template <typename Put>
void for_each_entry(const EdgeList& edges, const BuildOptions& options, const Put& put) {
  for (Index e = 0; e < edges.source.size(); ++e) {
    const std::int32_t u = edges.source[e], v = edges.target[e];
    if (u == v && options.self_loops == SelfLoops::remove) continue;
    put(u, v, static_cast<std::int64_t>(e));
    if (options.symmetrise && u != v) put(v, u, static_cast<std::int64_t>(e));
  }
  if (options.self_loops != SelfLoops::add) return;
  std::vector<bool> has_loop(static_cast<Index>(edges.num_nodes));
  for (Index e = 0; e < edges.source.size(); ++e)
    if (edges.source[e] == edges.target[e]) has_loop[static_cast<Index>(edges.source[e])] = true;
  for (std::int32_t node = 0; node < edges.num_nodes; ++node)
    if (!has_loop[static_cast<Index>(node)]) put(node, node, -1);
}

Rows scatter(const EdgeList& edges, const BuildOptions& options) {
  Rows rows;
  rows.rowptr.assign(static_cast<Index>(edges.num_nodes) + 1, 0);
  for_each_entry(edges, options, [&](std::int32_t row, std::int32_t, std::int64_t) {
    ++rows.rowptr[static_cast<Index>(row) + 1];
  });
  for (Index row = 0; row + 1 < rows.rowptr.size(); ++row) rows.rowptr[row + 1] += rows.rowptr[row];
  rows.col.resize(static_cast<Index>(rows.rowptr.back()));
  if (!edges.weight.empty()) rows.weight.resize(rows.col.size());
  std::vector<std::int64_t> next(rows.rowptr.begin(), rows.rowptr.end() - 1);
  for_each_entry(edges, options, [&](std::int32_t row, std::int32_t column, std::int64_t edge) {
    const auto at = static_cast<Index>(next[static_cast<Index>(row)]++);
    rows.col[at] = column;
    if (!rows.weight.empty()) rows.weight[at] = edge < 0 ? 1.0F : edges.weight[static_cast<Index>(edge)];
  });
  return rows;
}

/// Sorts one row; equal columns by falling weight, so that the first of them is the one to keep.
void sort_row(Rows& rows, Index begin, Index end) {
  if (rows.weight.empty()) {
    std::sort(rows.col.begin() + static_cast<std::ptrdiff_t>(begin),
              rows.col.begin() + static_cast<std::ptrdiff_t>(end));
    return;
  }
  std::vector<std::pair<std::int32_t, float>> row;
  for (Index e = begin; e < end; ++e) row.emplace_back(rows.col[e], rows.weight[e]);
  std::sort(row.begin(), row.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first < b.first : a.second > b.second;
  });
  for (Index e = begin; e < end; ++e) std::tie(rows.col[e], rows.weight[e]) = row[e - begin];
}

/// Keeps the first of equal columns in each sorted row.
void merge_rows(Rows& rows) {
  Index kept = 0, begin = 0;
  for (Index row = 0; row + 1 < rows.rowptr.size(); ++row) {
    const auto end = static_cast<Index>(rows.rowptr[row + 1]);
    const Index first = kept;
    for (Index e = begin; e < end; ++e) {
      if (kept > first && rows.col[kept - 1] == rows.col[e]) continue;
      rows.col[kept] = rows.col[e];
      if (!rows.weight.empty()) rows.weight[kept] = rows.weight[e];
      ++kept;
    }
    rows.rowptr[row + 1] = static_cast<std::int64_t>(kept);
    begin = end;
  }
  rows.col.resize(kept);
  if (!rows.weight.empty()) rows.weight.resize(kept);
}

}  // namespace

Graph build_graph(const EdgeList& edges, const BuildOptions& options, std::string_view place) {
  check(edges, place);
  Rows rows = scatter(edges, options);
  parallel_for(edges.num_nodes, rows_a_range, [&](std::int64_t first, std::int64_t last) {
    for (auto row = static_cast<Index>(first); row < static_cast<Index>(last); ++row)
      sort_row(rows, static_cast<Index>(rows.rowptr[row]), static_cast<Index>(rows.rowptr[row + 1]));
  });
  if (options.merge) merge_rows(rows);
  return Graph(std::move(rows.rowptr), std::move(rows.col), std::move(rows.weight), place);
}

}  // namespace tern::graph
