// The published data sets, where they are: counts as their papers and mirrors state them.
#include <algorithm>

#include "formats/graph/graph_files.hpp"
#include "graph/statistics.hpp"
#include "graph/transform.hpp"

namespace tern::formats {
namespace {

using namespace testing;
using graph::GraphData;

void expect_counts(const GraphData& data, std::int64_t nodes, std::int64_t undirected, std::int64_t features,
                   std::int64_t classes) {
  EXPECT_EQ(data.graph.num_nodes(), nodes);
  EXPECT_EQ(data.graph.num_edges(), 2 * undirected);
  EXPECT_EQ(data.features.columns, features);
  EXPECT_EQ(data.num_classes, classes);
  EXPECT_TRUE(is_symmetric(data.graph));
}

TEST(RealGraphs, Planetoid) {
  TERN_NEED_REAL_DATA(folder, "planetoid");
  const GraphData cora = read_planetoid(folder, "cora");
  expect_counts(cora, 2708, 5278, 1433, 7);
  ASSERT_EQ(cora.splits.size(), 1u);
  EXPECT_EQ(cora.splits[0].train.size(), 140u);
  EXPECT_EQ(cora.splits[0].validation.size(), 500u);
  EXPECT_EQ(cora.splits[0].test.size(), 1000u);
  EXPECT_EQ(cora.features.sparse.entries(), 49216);
  const GraphData citeseer = read_planetoid(folder, "citeseer");
  expect_counts(citeseer, 3327, 4552, 3703, 6);
  EXPECT_EQ(citeseer.splits[0].train.size(), 120u);
  EXPECT_EQ(citeseer.splits[0].test.size(), 1000u);
  EXPECT_EQ(std::count(citeseer.labels.begin(), citeseer.labels.end(), -1), 15);
}

/// Two ways to the same set.
TEST(RealGraphs, PlanetoidEqualsItsConversion) {
  TERN_NEED_REAL_DATA(folder, "planetoid");
  TERN_NEED_REAL_DATA(plain, "graph-npz-plain");
  for (const std::string name : {"cora", "citeseer"}) {
    const GraphData a = read_planetoid(folder, name),
                    b = read_graph_npz(plain / ("planetoid_" + name + ".npz"));
    EXPECT_TRUE(
        std::equal(a.graph.col().begin(), a.graph.col().end(), b.graph.col().begin(), b.graph.col().end()));
    EXPECT_EQ(a.labels, b.labels);
    EXPECT_EQ(a.features.sparse.rowptr, b.features.sparse.rowptr);
    EXPECT_EQ(a.features.sparse.col, b.features.sparse.col);
    EXPECT_EQ(a.features.sparse.value, b.features.sparse.value);
    EXPECT_EQ(a.splits[0].train, b.splits[0].train);
    EXPECT_EQ(a.splits[0].validation, b.splits[0].validation);
    std::vector<std::int32_t> test = b.splits[0].test;
    std::sort(test.begin(), test.end());
    EXPECT_EQ(a.splits[0].test, test);
  }
}

TEST(RealGraphs, PlainArrays) {
  TERN_NEED_REAL_DATA(folder, "graph-npz-plain");
  expect_counts(read_graph_npz(folder / "amazon_cs.npz"), 13752, 245861, 767, 10);
  expect_counts(read_graph_npz(folder / "coauthor_cs.npz"), 18333, 81894, 6805, 15);
  expect_counts(read_graph_npz(folder / "coauthor_phy.npz"), 34493, 247962, 8415, 5);
  expect_counts(read_graph_npz(folder / "cora_ml.npz"), 2995, 8158, 2879, 7);
  expect_counts(read_graph_npz(folder / "dblp.npz"), 17716, 52867, 1639, 4);
}

TEST(RealGraphs, PickledComputersEqualThePlainOnes) {
  TERN_NEED_REAL_DATA(folder, "gnn-npz");
  const GraphData a = read_graph_npz(folder / "amazon_cs.npz");
  expect_counts(a, 13752, 245861, 767, 10);
  TERN_NEED_REAL_DATA(plain, "graph-npz-plain");
  const GraphData b = read_graph_npz(plain / "amazon_cs.npz");
  EXPECT_TRUE(
      std::equal(a.graph.col().begin(), a.graph.col().end(), b.graph.col().begin(), b.graph.col().end()));
  EXPECT_EQ(a.labels, b.labels);
  EXPECT_EQ(a.features.sparse.col, b.features.sparse.col);
}

TEST(RealGraphs, Heterophilous) {
  TERN_NEED_REAL_DATA(folder, "heterophilous");
  expect_counts(read_graph_npz(folder / "tolokers.npz"), 11758, 519000, 10, 2);
  const GraphData mines = read_graph_npz(folder / "minesweeper.npz");
  expect_counts(mines, 10000, 39402, 7, 2);
  ASSERT_EQ(mines.splits.size(), 10u);
  EXPECT_EQ(mines.splits[3].train.size(), 5000u);
  EXPECT_EQ(mines.splits[3].validation.size() + mines.splits[3].test.size(), 5000u);
  // Masks of these two lie in Fortran order.
  for (const auto& [name, nodes, edges] :
       {std::tuple{"chameleon_filtered", 890, 8854}, {"squirrel_filtered", 2223, 46998}}) {
    const GraphData data =
        read_graph_npz(folder / (std::string(name) + ".npz"), {false, true, graph::SelfLoops::keep});
    EXPECT_EQ(data.graph.num_nodes(), nodes);
    EXPECT_EQ(data.graph.num_edges(), edges);
    for (const graph::Split& split : data.splits)
      EXPECT_EQ(static_cast<int>(split.train.size() + split.validation.size() + split.test.size()), nodes);
  }
}

TEST(RealGraphs, BenchmarkOfGraphClassification) {
  TERN_NEED_REAL_DATA(folder, "graph-bench");
  const GraphData data = read_graph_npz(folder / "hard_small.npz");
  EXPECT_EQ(data.num_graphs(), 300);
  EXPECT_EQ(data.num_classes, 3);
  EXPECT_EQ(data.splits[0].train.size(), 245u);
  EXPECT_EQ(data.splits[0].validation.size(), 29u);
  EXPECT_EQ(data.splits[0].test.size(), 26u);
  EXPECT_GT(data.features.columns, 0);
}

TEST(RealGraphs, Facebook) {
  TERN_NEED_REAL_DATA(folder, "musae-facebook");
  const GraphData data = read_musae(folder, "facebook");
  EXPECT_EQ(data.graph.num_nodes(), 22470);
  EXPECT_EQ(data.features.columns, 4714);
  EXPECT_EQ(data.num_classes, 4);
  // 171002 lines; 179 of them are loops.
  EXPECT_EQ(data.graph.num_edges(), 2 * (171002 - 179));
}

TEST(RealGraphs, Tu) {
  TERN_NEED_REAL_DATA(folder, "tudatasets");
  struct Set {
    const char* name;
    std::int64_t graphs, nodes, edges, attributes, classes;
  };
  for (const Set& set :
       {Set{"PROTEINS", 1113, 43471, 162088, 1, 2}, Set{"ENZYMES", 600, 19580, 74564, 18, 6},
        Set{"MUTAG", 188, 3371, 7442, 0, 2}, Set{"Mutagenicity", 4337, 131488, 266894, 0, 2}}) {
    SCOPED_TRACE(set.name);
    const GraphData data = read_tu(folder / set.name, set.name);
    EXPECT_EQ(data.num_graphs(), set.graphs);
    EXPECT_EQ(data.graph.num_nodes(), set.nodes);
    EXPECT_EQ(data.graph.num_edges(), set.edges);
    EXPECT_EQ(data.features.columns, set.attributes);
    EXPECT_EQ(data.num_classes, set.classes);
    EXPECT_EQ(data.node_tags.size(), static_cast<std::size_t>(set.nodes));
  }
}

TEST(RealGraphs, Gin) {
  TERN_NEED_REAL_DATA(folder, "graphs-gin-txt");
  struct Set {
    const char* name;
    std::int64_t graphs, classes;
  };
  for (const Set& set : {Set{"NCI1", 4110, 2}, Set{"IMDBBINARY", 1000, 2}, Set{"IMDBMULTI", 1500, 3},
                         Set{"MUTAG", 188, 2}, Set{"PROTEINS", 1113, 2}, Set{"ENZYMES", 600, 6}}) {
    SCOPED_TRACE(set.name);
    const GraphData data = read_gin(folder / set.name / (std::string(set.name) + ".txt"));
    EXPECT_EQ(data.num_graphs(), set.graphs);
    EXPECT_EQ(data.num_classes, set.classes);
    ASSERT_EQ(data.splits.size(), 10u);
    for (const graph::Split& split : data.splits)
      EXPECT_EQ(static_cast<std::int64_t>(split.train.size() + split.test.size()), set.graphs);
  }
}

}  // namespace
}  // namespace tern::formats
