#include "engine/graph/graph_step.hpp"

namespace tern::engine {

namespace {
constexpr std::size_t alignment_floats = 16;  // 64 bytes
}

Rows::Rows(std::int64_t rows, std::int64_t columns)
    : count(rows), width(columns), storage(static_cast<std::size_t>(rows * columns) + alignment_floats) {}

float* Rows::data() {
  const auto address = reinterpret_cast<std::uintptr_t>(storage.data());
  return storage.data() + (64 - address % 64) % 64 / sizeof(float);
}

const float* Rows::data() const { return given ? given : const_cast<Rows*>(this)->data(); }

GraphRun::GraphRun(const GraphInput& input, const std::vector<float>& edge_factors)
    : input_(input), edge_factors_(edge_factors) {
  if (edge_factors.empty()) return;
  const graph::Graph& graph = *input.graph;
  rowptr_.push_back(0);
  for (std::int64_t u = 0; u < graph.num_nodes(); ++u) {
    for (std::int64_t e = graph.rowptr()[static_cast<std::size_t>(u)]; e < graph.rowptr()[static_cast<std::size_t>(u) + 1]; ++e) {
      const float factor = edge_factors[static_cast<std::size_t>(e)];
      if (factor == 0) continue;
      col_.push_back(graph.col()[static_cast<std::size_t>(e)]);
      value_.push_back(graph.weight_of(e) * factor);
    }
    rowptr_.push_back(static_cast<std::int64_t>(col_.size()));
  }
}

kernels::Csr GraphRun::edges() const {
  const graph::Graph& graph = *input_.graph;
  const std::int64_t nodes = graph.num_nodes();
  if (!rowptr_.empty()) return {nodes, nodes, rowptr_.data(), col_.data(), value_.data()};
  return {nodes, nodes, graph.rowptr().data(), graph.col().data(), graph.is_weighted() ? graph.weight().data() : nullptr};
}

const graph::Scales& GraphRun::scales(graph::Normalisation normalisation, double lambda) {
  const auto [found, added] = scales_.try_emplace({normalisation, lambda});
  if (added) found->second = graph::scales_of(*input_.graph, normalisation, lambda);
  return found->second;
}

}  // namespace tern::engine
