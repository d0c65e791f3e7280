#include "graph/partition/partition.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "graph/partition/partitioners.hpp"
#include "graph/random_graphs.hpp"

namespace tern::graph {
namespace {

using namespace testing;

/// `blocks` groups of `size` nodes, dense inside and thin between, nodes shuffled.
Graph planted(std::int64_t blocks, std::int64_t size, std::uint64_t seed,
              std::vector<std::int32_t>* truth = nullptr) {
  Rng rng(seed);
  const std::int64_t n = blocks * size;
  const auto order = permutation(n, rng);
  EdgeList edges{n, {}, {}, {}};
  const auto draw = [&](std::int64_t bound) {
    return static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(bound)));
  };
  for (std::int64_t e = 0; e < 10 * n; ++e) {
    const std::int64_t u = draw(n);
    const std::int64_t v = e % 20 == 0 ? draw(n) : u / size * size + draw(size);
    edges.source.push_back(static_cast<std::int32_t>(order[at(u)]));
    edges.target.push_back(static_cast<std::int32_t>(order[at(v)]));
  }
  if (truth != nullptr) {
    truth->resize(at(n));
    for (std::int64_t i = 0; i < n; ++i) (*truth)[at(order[at(i)])] = static_cast<std::int32_t>(i / size);
  }
  return build_graph(edges);
}

std::vector<PartitionMethod> methods() {
  std::vector<PartitionMethod> out{PartitionMethod::automatic, PartitionMethod::multilevel};
  if (has_metis()) out.push_back(PartitionMethod::metis);
  return out;
}

void expect_whole(const Graph& graph, const Partition& p, std::int64_t parts) {
  ASSERT_EQ(static_cast<std::int64_t>(p.part.size()), graph.num_nodes());
  const auto groups = nodes_of_parts(p.part, parts);
  std::size_t largest = 0, total = 0;
  for (const auto& group : groups) {
    EXPECT_FALSE(group.empty());
    largest = std::max(largest, group.size());
    total += group.size();
  }
  EXPECT_EQ(total, p.part.size());
  EXPECT_NEAR(
      p.imbalance,
      static_cast<double>(largest) * static_cast<double>(parts) / static_cast<double>(graph.num_nodes()),
      1e-9);
}

TEST(Partition, EveryNodeHasAPartAndNoPartIsEmpty) {
  for (const PartitionMethod method : methods())
    for (std::uint64_t seed = 0; seed < 12; ++seed) {
      const auto nodes = static_cast<std::int64_t>(5 + 17 * seed);
      const Graph graph =
          build_graph(random_edges(nodes, static_cast<std::int64_t>(seed % 4) * nodes, seed, seed % 2 == 1),
                      {seed % 3 == 0, true, SelfLoops::keep});
      for (const std::int64_t parts :
           {std::int64_t{1}, std::int64_t{2}, std::int64_t{5}, nodes / 2, nodes - 1, nodes}) {
        SCOPED_TRACE(::testing::Message()
                     << static_cast<int>(method) << " seed " << seed << " parts " << parts);
        if (parts < 1) continue;
        expect_whole(graph, partition(graph, parts, {method, seed, 1.03}), parts);
      }
    }
}

TEST(Partition, FindsPlantedBlocks) {
  std::vector<std::int32_t> truth;
  const Graph graph = planted(8, 250, 3, &truth);
  Partition planted_cut{truth, 8, 0, 0, 0, {}, {}};
  assess(graph, planted_cut);
  Partition random_cut{std::vector<std::int32_t>(2000), 8, 0, 0, 0, {}, {}};
  for (std::size_t i = 0; i < 2000; ++i) random_cut.part[i] = static_cast<std::int32_t>(i % 8);
  assess(graph, random_cut);
  EXPECT_GT(random_cut.cut_fraction, 0.8);
  for (const PartitionMethod method : methods()) {
    const Partition found = partition(graph, 8, {method, 1, 1.05});
    EXPECT_LT(found.cut_edges, planted_cut.cut_edges * 2) << found.method;
    EXPECT_LT(found.imbalance, 1.2) << found.method;
  }
}

TEST(Partition, CutIsCountedOnceAnEdge) {
  // A square 0 1 2 3 cut into halves, with a loop and one edge given in both directions.
  const Graph square =
      build_graph({4, {0, 1, 1, 2, 3, 0}, {1, 0, 2, 3, 0, 0}, {}}, {true, true, SelfLoops::keep});
  Partition p{{0, 0, 1, 1}, 2, 0, 0, 0, {}, {}};
  assess(square, p);
  EXPECT_EQ(p.cut_edges, 2);
  EXPECT_DOUBLE_EQ(p.cut_fraction, 0.5);
  EXPECT_DOUBLE_EQ(p.imbalance, 1);
}

TEST(Partition, MultilevelStaysBalanced) {
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const Graph graph = build_graph(random_edges(3000, 12000, seed));
    const Partition p = partition(graph, 30, {PartitionMethod::multilevel, seed, 1.03});
    EXPECT_LE(p.imbalance, 1.031);
    EXPECT_EQ(p.method, "multilevel");
  }
}

TEST(Partition, ComponentsAreNotCutWithoutNeed) {
  // Four separate rings of 64.
  EdgeList edges{256, {}, {}, {}};
  for (std::int32_t i = 0; i < 256; ++i) {
    edges.source.push_back(i);
    edges.target.push_back(i / 64 * 64 + (i + 1) % 64);
  }
  for (const PartitionMethod method : methods())
    EXPECT_LE(partition(build_graph(edges), 4, {method, 1, 1.03}).cut_edges, 8);
}

TEST(Partition, RepeatsWithItsSeed) {
  const Graph graph = planted(5, 100, 9);
  for (const PartitionMethod method : methods())
    EXPECT_EQ(partition(graph, 7, {method, 4, 1.03}).part, partition(graph, 7, {method, 4, 1.03}).part);
}

TEST(Partition, DirectionAndLoopsDoNotMatter) {
  EdgeList edges = random_edges(80, 200, 2);
  const Graph directed = build_graph(edges, {false, false, SelfLoops::keep}), undirected = build_graph(edges);
  EXPECT_EQ(partition(directed, 4).part, partition(undirected, 4).part);
}

TEST(Partition, Refusals) {
  const Graph graph = build_graph({3, {0}, {1}, {}});
  const auto message = [&](std::int64_t parts) {
    return error_of([&] { partition(graph, parts); }).message();
  };
  EXPECT_EQ(message(0), "0 parts: expected at least 1");
  EXPECT_EQ(message(4), "4 parts of 3 nodes: expected at most one a node");
  EXPECT_EQ(error_of([] { partition(Graph(), 1); }).kind(), ErrorKind::usage);
  const Graph lonely({0, 0, 0, 0}, {});
  const Partition p = partition(lonely, 2);
  EXPECT_EQ(p.cut_edges, 0);
  EXPECT_EQ(p.method, "multilevel");
  EXPECT_FALSE(p.fallback_reason.empty());
}

TEST(Assess, NamesWhatIsMissing) {
  const Graph graph = build_graph({3, {0}, {1}, {}});
  const auto message = [&](std::vector<std::int32_t> part) {
    Partition p{std::move(part), 2, 0, 0, 0, {}, {}};
    return error_of([&] { assess(graph, p); }).message();
  };
  EXPECT_EQ(message({0, 1}), "2 nodes have a part, expected 3");
  EXPECT_EQ(message({0, 1, 2}), "node 2 has part 2, expected 0 .. 1");
  EXPECT_EQ(message({0, -1, 1}), "node 1 has part -1, expected 0 .. 1");
  EXPECT_EQ(message({1, 1, 1}), "part 0 is empty");
}

TEST(FillEmptyParts, TakesFromTheLargest) {
  std::vector<std::int32_t> part{1, 1, 1, 1, 3, 3};
  fill_empty_parts(part, 5);
  const std::set<std::int32_t> used(part.begin(), part.end());
  EXPECT_EQ(used.size(), 5u);
  EXPECT_GE(std::count(part.begin(), part.end(), 3), 1);
}

}  // namespace
}  // namespace tern::graph
