#include "graph/reorder.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;

/// Breadth first from `start` over nodes that are not `done`, neighbours by rising degree. Returns them in
/// this order and leaves them marked.
std::vector<std::int32_t> breadth_first(const Graph& graph, std::int32_t start, std::vector<bool>& done) {
  std::vector<std::int32_t> order{start}, fresh;
  done[static_cast<Index>(start)] = true;
  for (Index head = 0; head < order.size(); ++head) {
    fresh.clear();
    for (const std::int32_t v : graph.neighbours(order[head]))
      if (!done[static_cast<Index>(v)]) done[static_cast<Index>(v)] = true, fresh.push_back(v);
    std::sort(fresh.begin(), fresh.end(), [&](std::int32_t a, std::int32_t b) {
      return graph.degree(a) != graph.degree(b) ? graph.degree(a) < graph.degree(b) : a < b;
    });
    order.insert(order.end(), fresh.begin(), fresh.end());
  }
  return order;
}

}  // namespace

std::vector<std::int32_t> reverse_cuthill_mckee(const Graph& graph) {
  const auto nodes = static_cast<Index>(graph.num_nodes());
  std::vector<bool> done(nodes, false);
  std::vector<std::int32_t> order;
  order.reserve(nodes);
  for (std::int32_t node = 0; node < graph.num_nodes(); ++node) {
    if (done[static_cast<Index>(node)]) continue;
    // The node reached last lies far out (two searches, as George and Liu look for a peripheral node).
    std::int32_t start = node;
    for (int search = 0; search < 2; ++search) {
      const std::vector<std::int32_t> reached = breadth_first(graph, start, done);
      for (const std::int32_t v : reached) done[static_cast<Index>(v)] = false;
      start = reached.back();
    }
    const std::vector<std::int32_t> component = breadth_first(graph, start, done);
    order.insert(order.end(), component.begin(), component.end());
  }
  std::vector<std::int32_t> new_id(nodes);
  for (Index i = 0; i < nodes; ++i)
    new_id[static_cast<Index>(order[nodes - 1 - i])] = static_cast<std::int32_t>(i);
  return new_id;
}

std::vector<std::int32_t> order_by_part(std::span<const std::int32_t> part, std::int64_t num_parts) {
  std::vector<std::int32_t> next(static_cast<Index>(num_parts) + 1, 0), new_id(part.size());
  for (Index i = 0; i < part.size(); ++i) {
    if (part[i] < 0 || part[i] >= num_parts)
      fail(ErrorKind::usage, "order_by_part", "node {} has part {}, expected 0 .. {}", i, part[i],
           num_parts - 1);
    ++next[static_cast<Index>(part[i]) + 1];
  }
  for (Index p = 0; p + 1 < next.size(); ++p) next[p + 1] += next[p];
  for (Index i = 0; i < part.size(); ++i) new_id[i] = next[static_cast<Index>(part[i])]++;
  return new_id;
}

double mean_distance(const Graph& graph) {
  double sum = 0;
  for (std::int32_t u = 0; u < graph.num_nodes(); ++u)
    for (const std::int32_t v : graph.neighbours(u)) sum += std::abs(static_cast<double>(u) - v);
  return graph.num_edges() > 0 ? sum / static_cast<double>(graph.num_edges()) : 0;
}

std::vector<float> reorder_rows(std::span<const float> src, std::int64_t width,
                                std::span<const std::int32_t> new_id) {
  if (static_cast<std::int64_t>(src.size()) != width * static_cast<std::int64_t>(new_id.size()))
    fail(ErrorKind::usage, "reorder_rows", "{} values for {} rows of {}", src.size(), new_id.size(), width);
  std::vector<float> dst(src.size());
  for (Index i = 0; i < new_id.size(); ++i)
    std::copy_n(src.begin() + static_cast<std::ptrdiff_t>(i) * width, width,
                dst.begin() + static_cast<std::ptrdiff_t>(new_id[i]) * width);
  return dst;
}

}  // namespace tern::graph
