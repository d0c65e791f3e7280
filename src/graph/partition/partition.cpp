#include "graph/partition/partition.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "graph/partition/partitioners.hpp"
#include "graph/transform.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;

/// Whether rows hold neither loops nor repeated edges, and every edge lies in both of its rows.
bool is_plain(const Graph& graph) {
  for (std::int32_t u = 0; u < graph.num_nodes(); ++u) {
    const auto row = graph.neighbours(u);
    if (std::adjacent_find(row.begin(), row.end()) != row.end() ||
        std::binary_search(row.begin(), row.end(), u))
      return false;
  }
  return !graph.is_weighted() && is_symmetric(graph);
}

/// The graph as an undirected one without loops, repeated edges and weights; nothing is copied where it is
/// one.
Graph plain(const Graph& graph) {
  if (is_plain(graph)) return graph;
  const Graph reversed = transpose(graph).graph;
  std::vector<std::int64_t> rowptr{0};
  std::vector<std::int32_t> col;
  col.reserve(graph.col().size());
  for (std::int32_t u = 0; u < graph.num_nodes(); ++u) {
    const auto a = graph.neighbours(u), b = reversed.neighbours(u);
    const Index begin = col.size();
    std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(col));
    const auto first = col.begin() + static_cast<std::ptrdiff_t>(begin);
    col.erase(std::remove(first, std::unique(first, col.end()), u), col.end());
    rowptr.push_back(static_cast<std::int64_t>(col.size()));
  }
  return Graph(std::move(rowptr), std::move(col));
}

/// Bytes that METIS takes beside the graph, as measured.
std::int64_t metis_bytes(const Graph& graph) {
  return 48 * graph.num_edges() + 64 * graph.num_nodes();
}

/// Tries METIS where the options want it.
bool try_metis(const Graph& graph, const PartitionOptions& options, Partition& out) {
  if (options.method == PartitionMethod::multilevel) return false;
  if (options.method == PartitionMethod::automatic && metis_bytes(graph) > options.metis_memory_bytes) {
    out.fallback_reason = fmt::format("METIS would take about {} MiB", metis_bytes(graph) >> 20);
    return false;
  }
  return metis_parts(graph, out.num_parts, options, out.part, out.fallback_reason);
}

}  // namespace

void fill_empty_parts(std::vector<std::int32_t>& part, std::int64_t num_parts) {
  std::vector<std::int64_t> size(static_cast<Index>(num_parts), 0);
  for (const std::int32_t p : part) ++size[static_cast<Index>(p)];
  Index node = 0;
  for (Index empty = 0; empty < size.size(); ++empty) {
    if (size[empty] > 0) continue;
    const std::int64_t largest = *std::max_element(size.begin(), size.end());
    // Any node of a part of that size; going round once is enough, for sizes of givers only fall.
    while (size[static_cast<Index>(part[node])] < largest) node = (node + 1) % part.size();
    --size[static_cast<Index>(part[node])];
    part[node] = static_cast<std::int32_t>(empty);
    size[empty] = 1;
  }
}

Partition partition(const Graph& graph, std::int64_t num_parts, const PartitionOptions& options) {
  if (num_parts < 1) fail(ErrorKind::usage, "partition", "{} parts: expected at least 1", num_parts);
  if (num_parts > graph.num_nodes())
    fail(ErrorKind::usage, "partition", "{} parts of {} nodes: expected at most one a node", num_parts,
         graph.num_nodes());
  if (options.method == PartitionMethod::metis && !has_metis())
    fail(ErrorKind::usage, "partition", "this build has no METIS");
  Partition out;
  out.num_parts = num_parts;
  out.method = "multilevel";
  const Graph undirected = plain(graph);
  if (num_parts == 1) {
    out.part.assign(static_cast<Index>(graph.num_nodes()), 0);
  } else if (try_metis(undirected, options, out)) {
    out.method = "metis";
  } else {
    out.part = multilevel_parts(undirected, num_parts, options);
  }
  assess(undirected, out);
  return out;
}

void assess(const Graph& graph, Partition& partition) {
  const std::int64_t nodes = graph.num_nodes();
  if (static_cast<std::int64_t>(partition.part.size()) != nodes)
    fail(ErrorKind::bad_data, "partition", "{} nodes have a part, expected {}", partition.part.size(), nodes);
  std::vector<std::int64_t> size(static_cast<Index>(partition.num_parts), 0);
  for (Index node = 0; node < partition.part.size(); ++node) {
    const std::int32_t p = partition.part[node];
    if (p < 0 || p >= partition.num_parts)
      fail(ErrorKind::bad_data, "partition", "node {} has part {}, expected 0 .. {}", node, p,
           partition.num_parts - 1);
    ++size[static_cast<Index>(p)];
  }
  for (Index p = 0; p < size.size(); ++p)
    if (size[p] == 0) fail(ErrorKind::bad_data, "partition", "part {} is empty", p);
  std::int64_t cut = 0, edges = 0;
  for (std::int32_t u = 0; u < nodes; ++u)
    for (const std::int32_t v : graph.neighbours(u)) {
      if (u == v) continue;
      ++edges;
      cut += partition.part[static_cast<Index>(u)] != partition.part[static_cast<Index>(v)];
    }
  partition.cut_edges = (cut + 1) / 2;
  partition.cut_fraction = edges > 0 ? static_cast<double>(cut) / static_cast<double>(edges) : 0;
  const auto largest = static_cast<double>(size.empty() ? 0 : *std::max_element(size.begin(), size.end()));
  partition.imbalance =
      nodes > 0 ? largest * static_cast<double>(partition.num_parts) / static_cast<double>(nodes) : 1;
}

std::vector<std::vector<std::int32_t>> nodes_of_parts(std::span<const std::int32_t> part,
                                                      std::int64_t num_parts) {
  std::vector<std::vector<std::int32_t>> out(static_cast<Index>(num_parts));
  for (Index node = 0; node < part.size(); ++node)
    out[static_cast<Index>(part[node])].push_back(static_cast<std::int32_t>(node));
  return out;
}

}  // namespace tern::graph
