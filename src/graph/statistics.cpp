#include "graph/statistics.hpp"

#include <algorithm>
#include <numeric>

#include "base/threads.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;

/// The smallest node of a component, by paths that are halved on the way.
std::int32_t root_of(std::vector<std::int32_t>& parent, std::int32_t node) {
  while (parent[static_cast<Index>(node)] != node) {
    parent[static_cast<Index>(node)] = parent[static_cast<Index>(parent[static_cast<Index>(node)])];
    node = parent[static_cast<Index>(node)];
  }
  return node;
}

/// Members of both ascending lists that are neither u nor v.
std::int64_t common(std::span<const std::int32_t> a, std::span<const std::int32_t> b, std::int32_t u,
                    std::int32_t v) {
  std::int64_t count = 0;
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();) {
    if (*i == *j)
      count += *i != u && *i != v, ++i, ++j;
    else if (*i < *j)
      ++i;
    else
      ++j;
  }
  return count;
}

}  // namespace

DegreeStatistics degree_statistics(const Graph& graph) {
  DegreeStatistics out;
  const auto nodes = static_cast<Index>(graph.num_nodes());
  if (nodes == 0) return out;
  std::vector<std::int64_t> degrees(nodes);
  for (Index node = 0; node < nodes; ++node) {
    degrees[node] = graph.degree(static_cast<std::int64_t>(node));
    const auto row = graph.neighbours(static_cast<std::int64_t>(node));
    const std::int64_t loops = std::count(row.begin(), row.end(), static_cast<std::int32_t>(node));
    out.self_loops += loops;
    out.isolated += degrees[node] == loops;
  }
  out.mean = static_cast<double>(graph.num_edges()) / static_cast<double>(nodes);
  const auto middle = degrees.begin() + static_cast<std::ptrdiff_t>(nodes / 2);
  std::nth_element(degrees.begin(), middle, degrees.end());
  out.median = *middle;
  const auto [least, most] = std::minmax_element(degrees.begin(), degrees.end());
  out.minimum = *least;
  out.maximum = *most;
  return out;
}

Components connected_components(const Graph& graph) {
  std::vector<std::int32_t> parent(static_cast<Index>(graph.num_nodes()));
  std::iota(parent.begin(), parent.end(), 0);
  for (std::int32_t u = 0; u < graph.num_nodes(); ++u)
    for (const std::int32_t v : graph.neighbours(u)) {
      const std::int32_t a = root_of(parent, u), b = root_of(parent, v);
      parent[static_cast<Index>(std::max(a, b))] = std::min(a, b);
    }
  Components out;
  out.component.resize(parent.size());
  for (std::int32_t node = 0; node < graph.num_nodes(); ++node) {
    const std::int32_t root = root_of(parent, node);
    if (root == node) {
      out.component[static_cast<Index>(node)] = static_cast<std::int32_t>(out.size.size());
      out.size.push_back(0);
    } else {
      out.component[static_cast<Index>(node)] = out.component[static_cast<Index>(root)];
    }
    ++out.size[static_cast<Index>(out.component[static_cast<Index>(node)])];
  }
  return out;
}

std::vector<float> degree_ranks(const Graph& graph) {
  std::vector<std::int64_t> degrees(static_cast<Index>(graph.num_nodes()), 0);
  for (const std::int32_t v : graph.col()) ++degrees[static_cast<Index>(v)];
  std::vector<std::int64_t> at_most;  // nodes of a degree or a smaller one
  for (const std::int64_t degree : degrees) {
    if (static_cast<Index>(degree) >= at_most.size()) at_most.resize(static_cast<Index>(degree) + 1, 0);
    ++at_most[static_cast<Index>(degree)];
  }
  for (Index d = 1; d < at_most.size(); ++d) at_most[d] += at_most[d - 1];
  std::vector<float> ranks(degrees.size());
  for (Index v = 0; v < ranks.size(); ++v)
    ranks[v] = static_cast<float>(at_most[static_cast<Index>(degrees[v])]) / static_cast<float>(ranks.size());
  return ranks;
}

std::vector<float> clustering_coefficients(const Graph& graph) {
  std::vector<float> out(static_cast<Index>(graph.num_nodes()), 0.0F);
  parallel_for(graph.num_nodes(), 256, [&](std::int64_t first, std::int64_t last) {
    for (auto u = static_cast<std::int32_t>(first); u < last; ++u) {
      std::int64_t links = 0, neighbours = 0;
      for (const std::int32_t v : graph.neighbours(u)) {
        if (v == u) continue;
        ++neighbours;
        links += common(graph.neighbours(u), graph.neighbours(v), u, v);  // each link from both of its ends
      }
      if (neighbours > 1)
        out[static_cast<Index>(u)] =
            static_cast<float>(static_cast<double>(links) /
                               (static_cast<double>(neighbours) * static_cast<double>(neighbours - 1)));
    }
  });
  return out;
}

}  // namespace tern::graph
