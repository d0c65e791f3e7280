// Graphs with everything that products must get right, their dense matrices, and gradients by finite
// differences.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/seed.hpp"
#include "graph/build.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::learn {

struct GraphCase {
  std::string name;
  std::shared_ptr<const GraphStructure> structure;
};

inline std::shared_ptr<const GraphStructure> random_structure(std::int64_t nodes, std::int64_t edges,
                                                              std::uint64_t seed, bool symmetrise, bool merge,
                                                              graph::SelfLoops loops, bool weighted) {
  Rng rng(seed);
  graph::EdgeList list{nodes, {}, {}, {}};
  for (std::int64_t e = 0; e < edges; ++e) {
    list.source.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(nodes))));
    list.target.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(nodes))));
    if (weighted) list.weight.push_back(static_cast<float>(0.25 + rng.uniform()));
  }
  return std::make_shared<GraphStructure>(build_graph(list, {symmetrise, merge, loops}));
}

/// Undirected, directed, weighted, with self loops and repeated edges, with isolated nodes, without edges,
/// one node.
inline std::vector<GraphCase> graph_cases() {
  using graph::SelfLoops;
  return {{"undirected", random_structure(23, 60, 1, true, true, SelfLoops::remove, false)},
          {"directed", random_structure(23, 60, 2, false, true, SelfLoops::remove, false)},
          {"weighted", random_structure(23, 60, 3, true, true, SelfLoops::remove, true)},
          {"weighted, directed, with loops", random_structure(17, 70, 4, false, true, SelfLoops::keep, true)},
          {"repeated edges and loops", random_structure(6, 60, 5, true, false, SelfLoops::keep, false)},
          {"mostly isolated", random_structure(40, 9, 6, true, true, SelfLoops::remove, false)},
          {"edgeless", random_structure(5, 0, 7, true, true, SelfLoops::remove, false)},
          {"one node", random_structure(1, 1, 8, true, true, SelfLoops::keep, false)}};
}

/// A, double, with repeated edges added up; `factor` multiplies edges where it is defined.
inline at::Tensor dense_of(const GraphStructure& structure, const at::Tensor& factor = {}) {
  const graph::Graph& graph = structure.graph();
  at::Tensor a = at::zeros({graph.num_nodes(), graph.num_nodes()}, at::kDouble);
  for (std::int64_t u = 0; u < graph.num_nodes(); ++u)
    for (std::int64_t e = graph.rowptr()[static_cast<std::size_t>(u)];
         e < graph.rowptr()[static_cast<std::size_t>(u) + 1]; ++e) {
      const double times = factor.defined() ? factor[e].item<double>() : 1;
      a[u][graph.col()[static_cast<std::size_t>(e)]] += times * graph.weight_of(e);
    }
  return a;
}

inline GraphValue value_of(const std::shared_ptr<const GraphStructure>& structure, at::Tensor factor = {}) {
  return {.sparse = structure, .edge_factor = std::move(factor), .dense = {}};
}

/// Expects the gradient of sum(weights * function(x)) with respect to x, a leaf, to equal central
/// differences. The function is linear or smooth, and its values are about 1.
inline void expect_gradient(const at::Tensor& x, const std::function<at::Tensor()>& function,
                            const std::string& what, double step = 1e-2, double tolerance = 2e-3) {
  const at::Tensor weights = random(function().sizes(), 77);
  x.mutable_grad() = at::Tensor();
  (function() * weights).sum().backward();
  const at::Tensor gradient = x.grad().defined() ? x.grad().contiguous() : at::zeros_like(x);
  const c10::NoGradGuard no_grad;
  const auto loss = [&] { return (function().to(at::kDouble) * weights).sum().item<double>(); };
  float* values = x.data_ptr<float>();
  for (std::int64_t i = 0; i < x.numel(); ++i) {
    const float kept = values[i];
    values[i] = kept + static_cast<float>(step);
    const double above = loss();
    values[i] = kept - static_cast<float>(step);
    const double below = loss();
    values[i] = kept;
    const double expected = (above - below) / (2 * step);
    ASSERT_NEAR(gradient.flatten()[i].item<double>(), expected, tolerance * (1 + std::abs(expected)))
        << what << " at " << i;
  }
}

}  // namespace tern::learn
