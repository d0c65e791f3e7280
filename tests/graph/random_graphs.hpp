// Small random graphs and their dense matrices.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "graph/build.hpp"

namespace tern::graph::testing {

inline std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// `edges` random pairs, loops and repetitions among them.
inline EdgeList random_edges(std::int64_t nodes, std::int64_t edges, std::uint64_t seed,
                             bool weighted = false) {
  Rng rng(seed);
  EdgeList out{nodes, {}, {}, {}};
  for (std::int64_t e = 0; e < edges; ++e) {
    out.source.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(nodes))));
    out.target.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(nodes))));
    if (weighted) out.weight.push_back(static_cast<float>(0.25 + rng.uniform()));
  }
  return out;
}

using Dense = std::vector<std::vector<double>>;

inline Dense dense_of(const Graph& graph) {
  Dense out(at(graph.num_nodes()), std::vector<double>(at(graph.num_nodes()), 0.0));
  for (std::int64_t u = 0; u < graph.num_nodes(); ++u)
    for (std::int64_t e = graph.rowptr()[at(u)]; e < graph.rowptr()[at(u) + 1]; ++e)
      out[at(u)][at(graph.col()[at(e)])] += graph.weight_of(e);
  return out;
}

inline void expect_near(const Dense& a, const Dense& b, double tolerance = 1e-6) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a.size(); ++j) ASSERT_NEAR(a[i][j], b[i][j], tolerance) << i << ", " << j;
}

inline std::vector<std::int32_t> row_of(const Graph& graph, std::int64_t node) {
  const auto row = graph.neighbours(node);
  return {row.begin(), row.end()};
}

/// The error that `action` ends with; kind internal where it does not fail.
inline Error error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::internal, "nothing was thrown");
}

}  // namespace tern::graph::testing
