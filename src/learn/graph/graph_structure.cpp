#include "learn/graph/graph_structure.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace tern::learn {

GraphStructure::GraphStructure(graph::Graph graph, std::vector<std::int64_t> offsets)
    : graph_(std::move(graph)), offsets_(std::move(offsets)) {
  if (offsets_.empty()) offsets_ = {0, graph_.num_nodes()};
  if (offsets_.front() != 0 || offsets_.back() != graph_.num_nodes() || !std::is_sorted(offsets_.begin(), offsets_.end()))
    fail(ErrorKind::usage, "graphs side by side", "their offsets must rise from 0 to {} nodes", graph_.num_nodes());
}

const graph::Transposed& GraphStructure::transposed() const {
  const std::lock_guard lock(mutex_);
  if (!has_transposed_) transposed_ = graph::transpose(graph_);
  has_transposed_ = true;
  return transposed_;
}

const graph::Scales& GraphStructure::scales(graph::Normalisation normalisation, double lambda) const {
  const std::lock_guard lock(mutex_);
  const auto [found, added] = scales_.try_emplace({normalisation, lambda});
  if (added) found->second = graph::scales_of(graph_, normalisation, lambda);
  return found->second;
}

}  // namespace tern::learn
