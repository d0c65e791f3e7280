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

const graph::Scales& GraphRun::scales(graph::Normalisation normalisation, double lambda) {
  const auto [found, added] = scales_.try_emplace({normalisation, lambda});
  if (added) found->second = graph::scales_of(*input_.graph, normalisation, lambda);
  return found->second;
}

}  // namespace tern::engine
