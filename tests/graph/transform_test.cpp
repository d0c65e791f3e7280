#include "graph/transform.hpp"

#include <numeric>

#include "graph/random_graphs.hpp"

namespace tern::graph {
namespace {

using namespace testing;

Graph random_graph(std::int64_t nodes, std::uint64_t seed, bool weighted) {
  return build_graph(random_edges(nodes, 3 * nodes, seed, weighted), {false, true, SelfLoops::keep});
}

TEST(Transpose, SwapsEveryEntryAndSaysWhereItWas) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Graph graph = random_graph(1 + static_cast<std::int64_t>(seed) * 4, seed, true);
    const Transposed t = transpose(graph);
    const Dense a = dense_of(graph), b = dense_of(t.graph);
    for (std::size_t i = 0; i < a.size(); ++i)
      for (std::size_t j = 0; j < a.size(); ++j) ASSERT_EQ(a[i][j], b[j][i]);
    for (std::int64_t e = 0; e < graph.num_edges(); ++e)
      ASSERT_EQ(t.graph.weight_of(e), graph.weight_of(t.edge[at(e)]));
    EXPECT_FALSE(graph.num_edges() > 3 && is_symmetric(graph));
  }
}

TEST(InducedSubgraph, IsTheSubmatrixInTheGivenOrder) {
  std::vector<std::int32_t> scratch;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Graph graph = random_graph(30, seed, seed % 2 == 0);
    Rng rng(seed);
    const auto order = permutation(30, rng);
    const std::vector<std::int32_t> nodes(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(seed));
    const Dense whole = dense_of(graph), part = dense_of(induced_subgraph(graph, nodes, &scratch));
    ASSERT_EQ(part.size(), nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i)
      for (std::size_t j = 0; j < nodes.size(); ++j) ASSERT_EQ(part[i][j], whole[at(nodes[i])][at(nodes[j])]);
  }
}

TEST(InducedSubgraph, RefusesAndStaysUsable) {
  const Graph graph = random_graph(5, 1, false);
  std::vector<std::int32_t> scratch;
  const auto message = [&](const std::vector<std::int32_t>& nodes) {
    return error_of([&] { induced_subgraph(graph, nodes, &scratch); }).message();
  };
  EXPECT_EQ(message({0, 5}), "node 5 is not in 0 .. 4");
  EXPECT_EQ(message({0, -1}), "node -1 is not in 0 .. 4");
  EXPECT_EQ(message({3, 1, 3}), "node 3 is given twice");
  EXPECT_EQ(induced_subgraph(graph, std::vector<std::int32_t>{3, 1}, &scratch).num_nodes(), 2);
}

TEST(Relabel, MovesEveryEntry) {
  const Graph graph = random_graph(25, 3, true);
  Rng rng(4);
  const auto order = permutation(25, rng);
  const std::vector<std::int32_t> new_id(order.begin(), order.end());
  const Dense a = dense_of(graph), b = dense_of(relabel(graph, new_id));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t j = 0; j < a.size(); ++j) ASSERT_EQ(a[i][j], b[at(new_id[i])][at(new_id[j])]);
  EXPECT_EQ(error_of([&] { relabel(graph, std::vector<std::int32_t>(25, 0)); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { relabel(graph, std::vector<std::int32_t>(24, 0)); }).kind(), ErrorKind::usage);
}

TEST(BlockDiagonal, KeepsGraphsApart) {
  const std::vector<Graph> graphs{random_graph(4, 1, false), Graph(), random_graph(7, 2, true),
                                  Graph({0, 0}, {})};
  const Batched batch = block_diagonal(graphs);
  EXPECT_EQ(batch.offsets, (std::vector<std::int64_t>{0, 4, 4, 11, 12}));
  for (std::size_t k = 0; k < graphs.size(); ++k) {
    std::vector<std::int32_t> nodes(at(graphs[k].num_nodes()));
    std::iota(nodes.begin(), nodes.end(), static_cast<std::int32_t>(batch.offsets[k]));
    expect_near(dense_of(induced_subgraph(batch.graph, nodes)), dense_of(graphs[k]), 0);
  }
  EXPECT_EQ(batch.graph.num_edges(), graphs[0].num_edges() + graphs[2].num_edges());
}

TEST(SelfLoops, AreAddedOnceAndRemoved) {
  const Graph graph = random_graph(20, 5, true);
  Dense expected = dense_of(graph);
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (expected[i][i] == 0) expected[i][i] = 1;
  expect_near(dense_of(with_self_loops(graph)), expected, 0);
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i][i] = 0;
  expect_near(dense_of(without_self_loops(with_self_loops(graph))), expected, 0);
}

}  // namespace
}  // namespace tern::graph
