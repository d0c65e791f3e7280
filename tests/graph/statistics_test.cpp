#include "graph/statistics.hpp"

#include "graph/random_graphs.hpp"

namespace tern::graph {
namespace {

using namespace testing;

TEST(DegreeStatistics, OfAStarAndALonelyLoop) {
  // 0 is the centre of a star with 4 leaves; 5 has a loop only; 6 has nothing.
  const Graph graph = build_graph({7, {0, 0, 0, 0, 5}, {1, 2, 3, 4, 5}, {}}, {true, true, SelfLoops::keep});
  const DegreeStatistics s = degree_statistics(graph);
  EXPECT_EQ(s.minimum, 0);
  EXPECT_EQ(s.median, 1);
  EXPECT_EQ(s.maximum, 4);
  EXPECT_DOUBLE_EQ(s.mean, 9.0 / 7);
  EXPECT_EQ(s.isolated, 2);
  EXPECT_EQ(s.self_loops, 1);
  EXPECT_EQ(degree_statistics(Graph()).maximum, 0);
}

TEST(Components, AreFoundThroughDirectedEdges) {
  const Graph graph = build_graph({8, {5, 3, 1, 7}, {3, 1, 6, 0}, {}}, {false, true, SelfLoops::keep});
  const Components c = connected_components(graph);
  EXPECT_EQ(c.component, (std::vector<std::int32_t>{0, 1, 2, 1, 3, 1, 1, 0}));
  EXPECT_EQ(c.size, (std::vector<std::int64_t>{2, 4, 1, 1}));
}

TEST(Components, EqualAFloodFill) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Graph graph = build_graph(random_edges(60, 40, seed));
    std::vector<std::int32_t> expected(60, -1);
    std::int32_t count = 0;
    for (std::int32_t start = 0; start < 60; ++start) {
      if (expected[at(start)] >= 0) continue;
      std::vector<std::int32_t> open{start};
      expected[at(start)] = count;
      while (!open.empty()) {
        const std::int32_t u = open.back();
        open.pop_back();
        for (const std::int32_t v : graph.neighbours(u))
          if (expected[at(v)] < 0) expected[at(v)] = count, open.push_back(v);
      }
      ++count;
    }
    EXPECT_EQ(connected_components(graph).component, expected);
  }
}

TEST(ClusteringCoefficients, CountTriangles) {
  // A triangle 0 1 2 with a tail 2 - 3, and loops that must not count.
  const Graph graph = build_graph({4, {0, 1, 2, 2, 0}, {1, 2, 0, 3, 0}, {}}, {true, true, SelfLoops::keep});
  const std::vector<float> c = clustering_coefficients(graph);
  EXPECT_EQ(c[0], 1.0F);
  EXPECT_EQ(c[1], 1.0F);
  EXPECT_NEAR(c[2], 1.0 / 3, 1e-7);
  EXPECT_EQ(c[3], 0.0F);
}

TEST(ClusteringCoefficients, EqualTheDefinition) {
  const Graph graph = build_graph(random_edges(40, 200, 3));
  const Dense a = dense_of(graph);
  const std::vector<float> c = clustering_coefficients(graph);
  for (std::size_t u = 0; u < 40; ++u) {
    double links = 0, pairs = 0;
    for (std::size_t v = 0; v < 40; ++v)
      for (std::size_t w = 0; w < 40; ++w)
        if (v != w && a[u][v] > 0 && a[u][w] > 0) pairs += 1, links += a[v][w];
    ASSERT_NEAR(c[u], pairs > 0 ? links / pairs : 0, 1e-6);
  }
}

}  // namespace
}  // namespace tern::graph
