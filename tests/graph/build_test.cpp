#include "graph/build.hpp"

#include <algorithm>
#include <cmath>

#include "graph/random_graphs.hpp"
#include "graph/transform.hpp"

namespace tern::graph {
namespace {

using namespace testing;

TEST(BuildGraph, SymmetrisesMergesAndDropsLoops) {
  const Graph graph = build_graph({4, {0, 1, 0, 2}, {1, 0, 1, 2}, {}});
  EXPECT_EQ(graph.num_edges(), 2);
  EXPECT_EQ(row_of(graph, 0), (std::vector<std::int32_t>{1}));
  EXPECT_EQ(row_of(graph, 1), (std::vector<std::int32_t>{0}));
  EXPECT_TRUE(row_of(graph, 2).empty());  // its loop is gone
  EXPECT_TRUE(row_of(graph, 3).empty());  // it never had an edge
}

TEST(BuildGraph, DirectedEdgesStayAsGiven) {
  const Graph graph = build_graph({3, {0, 0, 2, 2}, {2, 1, 2, 2}, {}}, {false, false, SelfLoops::keep});
  EXPECT_EQ(row_of(graph, 0), (std::vector<std::int32_t>{1, 2}));
  EXPECT_TRUE(row_of(graph, 1).empty());
  EXPECT_EQ(row_of(graph, 2), (std::vector<std::int32_t>{2, 2}));
}

TEST(BuildGraph, AddsOneLoopWhereThereIsNone) {
  const Graph graph = build_graph({3, {0, 0, 1}, {0, 1, 2}, {}}, {true, true, SelfLoops::add});
  EXPECT_EQ(row_of(graph, 0), (std::vector<std::int32_t>{0, 1}));
  EXPECT_EQ(row_of(graph, 1), (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_EQ(row_of(graph, 2), (std::vector<std::int32_t>{1, 2}));
}

TEST(BuildGraph, EqualEdgesKeepTheLargestWeight) {
  const Graph graph = build_graph({2, {0, 1, 0}, {1, 0, 1}, {1.0F, 3.0F, 2.0F}});
  ASSERT_EQ(graph.num_edges(), 2);
  EXPECT_EQ(graph.weight_of(0), 3.0F);
  EXPECT_EQ(graph.weight_of(1), 3.0F);
}

TEST(BuildGraph, EqualsTheDenseMatrixOnRandomEdges) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::int64_t nodes = 1 + static_cast<std::int64_t>(seed) * 3;
    const EdgeList edges = random_edges(nodes, 4 * nodes, seed, seed % 2 == 1);
    for (const bool symmetrise : {false, true}) {
      Dense expected(at(nodes), std::vector<double>(at(nodes), 0.0));
      for (std::size_t e = 0; e < edges.source.size(); ++e) {
        const double w = edges.weight.empty() ? 1.0 : edges.weight[e];
        double& forward = expected[at(edges.source[e])][at(edges.target[e])];
        forward = std::max(forward, w);
        double& backward = expected[at(edges.target[e])][at(edges.source[e])];
        if (symmetrise) backward = std::max(backward, w);
      }
      const Graph graph = build_graph(edges, {symmetrise, true, SelfLoops::keep});
      expect_near(dense_of(graph), expected, 0);
      EXPECT_TRUE(!symmetrise || is_symmetric(graph));
    }
  }
}

TEST(BuildGraph, OrderOfEdgesDoesNotMatter) {
  EdgeList edges = random_edges(40, 300, 7, true);
  const Graph a = build_graph(edges);
  std::reverse(edges.source.begin(), edges.source.end());
  std::reverse(edges.target.begin(), edges.target.end());
  std::reverse(edges.weight.begin(), edges.weight.end());
  const Graph b = build_graph(edges);
  EXPECT_TRUE(std::equal(a.col().begin(), a.col().end(), b.col().begin(), b.col().end()));
  EXPECT_TRUE(std::equal(a.weight().begin(), a.weight().end(), b.weight().begin(), b.weight().end()));
}

TEST(BuildGraph, BadEdgesAreNamed) {
  const auto message = [](const EdgeList& edges) {
    const Error error = error_of([&] { build_graph(edges, {}, "list"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    return error.message();
  };
  EXPECT_EQ(message({3, {0, 1}, {1, 3}, {}}), "edge 1: node 3 is not in 0 .. 2");
  EXPECT_EQ(message({3, {-5}, {1}, {}}), "edge 0: node -5 is not in 0 .. 2");
  EXPECT_EQ(message({0, {0}, {0}, {}}), "edge 0: node 0 is not in 0 .. -1");
  EXPECT_EQ(message({3, {0, 1}, {1}, {}}), "2 sources and 1 targets");
  EXPECT_EQ(message({3, {0}, {1}, {1, 2}}), "2 weights for 1 edges");
  EXPECT_EQ(message({3, {0}, {1}, {std::nanf("")}}), "edge 0 weighs nan");
  EXPECT_EQ(message({-1, {}, {}, {}}), "-1 nodes: expected 0 .. 2147483646");
}

}  // namespace
}  // namespace tern::graph
