#include "learn/graph/graph_structure.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace tern::learn {

GraphStructure::GraphStructure(graph::Graph graph, std::vector<std::int64_t> offsets)
    : graph_(std::move(graph)), offsets_(std::move(offsets)) {
  if (offsets_.empty()) offsets_ = {0, graph_.num_nodes()};
  if (offsets_.front() != 0 || offsets_.back() != graph_.num_nodes() ||
      !std::is_sorted(offsets_.begin(), offsets_.end()))
    fail(ErrorKind::usage, "graphs side by side", "their offsets must rise from 0 to {} nodes",
         graph_.num_nodes());
}

const graph::Transposed& GraphStructure::transposed() const {
  const std::lock_guard lock(mutex_);
  if (!has_transposed_) transposed_ = graph::transpose(graph_);
  has_transposed_ = true;
  return transposed_;
}

const GraphStructure::Looped& GraphStructure::with_self_loops() const {
  const std::lock_guard lock(mutex_);
  if (looped_.structure) return looped_;
  graph::Graph looped = graph::with_self_loops(graph_);
  looped_.edge.reserve(static_cast<std::size_t>(graph_.num_edges()));
  for (std::int64_t u = 0; u < num_nodes(); ++u) {
    const bool added = looped.degree(u) != graph_.degree(u);
    const auto row = looped.neighbours(u);
    for (std::size_t i = 0; i < row.size(); ++i)
      if (!added || row[i] != static_cast<std::int32_t>(u))
        looped_.edge.push_back(looped.rowptr()[static_cast<std::size_t>(u)] + static_cast<std::int64_t>(i));
  }
  looped_.structure = std::make_shared<GraphStructure>(std::move(looped), offsets_);
  return looped_;
}

bool GraphStructure::is_symmetric() const {
  const std::lock_guard lock(mutex_);
  if (!is_symmetric_) is_symmetric_ = graph::is_symmetric(graph_);
  return *is_symmetric_;
}

const graph::Scales& GraphStructure::scales(graph::Normalisation normalisation, double lambda) const {
  const std::lock_guard lock(mutex_);
  const auto [found, added] = scales_.try_emplace({normalisation, lambda});
  if (added) found->second = graph::scales_of(graph_, normalisation, lambda);
  return found->second;
}

}  // namespace tern::learn
