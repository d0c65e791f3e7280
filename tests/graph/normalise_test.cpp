#include "graph/normalise.hpp"

#include <algorithm>
#include <cmath>

#include "graph/random_graphs.hpp"
#include "graph/transform.hpp"

namespace tern::graph {
namespace {

using namespace testing;

/// The formulas, on dense matrices, written as in the papers.
Dense expected_of(const Dense& a, Normalisation normalisation, double lambda) {
  const std::size_t n = a.size();
  std::vector<double> rows(n, 0), columns(n, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) rows[i] += a[i][j], columns[j] += a[i][j];
  Dense plus = a, out(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i) plus[i][i] += 1;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      const double eye = i == j ? 1 : 0;
      switch (normalisation) {
        case Normalisation::sum:
          out[i][j] = a[i][j];
          break;
        case Normalisation::symmetric:
          out[i][j] = a[i][j] > 0 && rows[i] * rows[j] > 0 ? a[i][j] / std::sqrt(rows[i] * rows[j]) : 0;
          break;
        case Normalisation::gcn:
          out[i][j] = plus[i][j] / std::sqrt((rows[i] + 1) * (rows[j] + 1));
          break;
        case Normalisation::gcn_identity:
          out[i][j] = plus[i][j] / std::sqrt((rows[i] + 1) * (rows[j] + 1)) + eye;
          break;
        case Normalisation::row:
          out[i][j] = a[i][j] / std::max(1.0, rows[i]);
          break;
        case Normalisation::row_self:
          out[i][j] = plus[i][j] / (rows[i] + 1);
          break;
        case Normalisation::diagonal:
          out[i][j] = plus[i][j] / (rows[i] + 1) * (1 + lambda * eye);
          break;
        case Normalisation::lgcn:
          out[i][j] = plus[i][j] / (columns[i] + 1) + eye;
          break;
      }
    }
  return out;
}

constexpr Normalisation all[] = {
    Normalisation::sum, Normalisation::symmetric, Normalisation::gcn,      Normalisation::gcn_identity,
    Normalisation::row, Normalisation::row_self,  Normalisation::diagonal, Normalisation::lgcn};

TEST(Normalise, EqualsTheFormulasOnRandomGraphs) {
  for (const Normalisation normalisation : all)
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      SCOPED_TRACE(name_of(normalisation));
      const bool symmetric = seed % 2 == 0, weighted = seed % 3 == 0;
      // Sparse enough for isolated nodes; with loops of their own in two of three.
      const Graph graph = build_graph(random_edges(24, 24, seed, weighted),
                                      {symmetric, true, seed % 3 == 1 ? SelfLoops::remove : SelfLoops::keep});
      expect_near(dense_of(normalise(graph, normalisation, 0.3)),
                  expected_of(dense_of(graph), normalisation, 0.3));
    }
}

TEST(Normalise, PathOfThreeByHand) {
  // 0 - 1 - 2: D + I = (2, 3, 2).
  const Graph path = build_graph({3, {0, 1}, {1, 2}, {}});
  const Dense gcn = dense_of(normalise(path, Normalisation::gcn));
  EXPECT_NEAR(gcn[0][0], 0.5, 1e-7);
  EXPECT_NEAR(gcn[0][1], 1 / std::sqrt(6.0), 1e-7);
  EXPECT_EQ(gcn[0][2], 0);
  const Dense diagonal = dense_of(normalise(path, Normalisation::diagonal, 1));
  EXPECT_NEAR(diagonal[1][1], 2.0 / 3, 1e-7);
  EXPECT_NEAR(diagonal[1][0], 1.0 / 3, 1e-7);
}

TEST(Normalise, RowsOfMeansSumToOneOrNothing) {
  const Graph graph = build_graph(random_edges(50, 60, 9));
  const Dense mean = dense_of(normalise(graph, Normalisation::row)),
              self = dense_of(normalise(graph, Normalisation::row_self));
  for (std::size_t u = 0; u < 50; ++u) {
    double a = 0, b = 0;
    for (std::size_t v = 0; v < 50; ++v) a += mean[u][v], b += self[u][v];
    EXPECT_NEAR(a, graph.degree(static_cast<std::int64_t>(u)) > 0 ? 1 : 0, 1e-6);
    EXPECT_NEAR(b, 1, 1e-6);
  }
}

TEST(Normalise, TransposeExchangesTheScales) {
  const Graph graph = build_graph(random_edges(20, 60, 2, true), {false, true, SelfLoops::keep});
  for (const Normalisation normalisation : all) {
    const Scales s = scales_of(graph, normalisation);
    const Graph other = apply_scales(transpose(graph).graph, {s.column, s.row, s.self});
    expect_near(dense_of(other), dense_of(transpose(apply_scales(graph, s)).graph));
  }
}

TEST(Normalise, ParallelLoopsOfAMultigraphAreEnhancedOnce) {
  const Graph graph = build_graph({2, {0, 0, 0}, {0, 0, 1}, {}}, {false, false, SelfLoops::keep});
  const Dense out = dense_of(normalise(graph, Normalisation::row_self));
  EXPECT_NEAR(out[0][0], 0.75, 1e-7);
  EXPECT_NEAR(out[0][1], 0.25, 1e-7);
  EXPECT_NEAR(out[1][1], 1, 1e-7);
}

TEST(Normalise, NamesAreKnown) {
  for (const Normalisation normalisation : all)
    EXPECT_EQ(normalisation_named(name_of(normalisation)), normalisation);
  const Error error = error_of([] { normalisation_named("gcm"); });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_NE(error.message().find("did you mean 'gcn'"), std::string::npos);
}

}  // namespace
}  // namespace tern::graph
