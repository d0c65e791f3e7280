// The published counts of real data sets, where they are at hand.
#include <gtest/gtest.h>

#include "data/folders.hpp"
#include "data/graphs/graph_set.hpp"
#include "data/graphs/graph_summary.hpp"

namespace tern::data {
namespace {

using testing::real_data;

GraphSummary summary_of(const std::string& name, const std::filesystem::path& path, const std::string& component = {}) {
  GraphDataOptions options;
  options.name = name;
  options.path = path;
  options.component = component;
  return summarise(load_graph_data(options));
}

TEST(RealGraphSets, CitationsWithTheirPublicSplit) {
  TERN_NEED_REAL_DATA(folder, "planetoid");
  TERN_NEED_REAL_DATA(plain, "graph-npz-plain");
  for (const auto& path : {folder, plain}) {
    const GraphSummary cora = summary_of("cora", path), citeseer = summary_of("citeseer", path);
    EXPECT_EQ(cora.nodes, 2708);
    EXPECT_EQ(cora.undirected_edges, 5278);
    EXPECT_EQ(cora.features, 1433);
    EXPECT_EQ(cora.classes, 7);
    EXPECT_EQ(cora.splits[0].train, 140);
    EXPECT_EQ(cora.splits[0].validation, 500);
    EXPECT_EQ(cora.splits[0].test, 1000);
    EXPECT_NEAR(cora.edge_homophily, 0.81, 0.005);
    EXPECT_EQ(citeseer.nodes, 3327);
    EXPECT_EQ(citeseer.undirected_edges, 4552);
    EXPECT_EQ(citeseer.splits[0].train, 120);
    EXPECT_EQ(citeseer.degree.isolated, 48);
  }
  GraphDataOptions options;
  options.path = folder;
  options.split = "full";
  EXPECT_EQ(load_graph_data(options).splits[0].train.size(), 1208U);
}

TEST(RealGraphSets, PitfallsOnTheirLargestComponent) {
  TERN_NEED_REAL_DATA(folder, "graph-npz-plain");
  const GraphSummary computers = summary_of("amazon-computers", folder);
  EXPECT_EQ(computers.nodes, 13381);  // Shchur et al. 2018, table 2
  EXPECT_EQ(computers.undirected_edges, 245778);
  EXPECT_EQ(computers.features, 767);
  EXPECT_EQ(computers.classes, 10);
  EXPECT_EQ(computers.splits[0].train, 200);
  EXPECT_EQ(computers.splits[0].validation, 300);
  EXPECT_EQ(summary_of("amazon-computers", folder, "all").nodes, 13752);
}

TEST(RealGraphSets, HeterophilousOnesHaveTenSplits) {
  TERN_NEED_REAL_DATA(folder, "heterophilous");
  GraphDataOptions options;
  options.name = "minesweeper";
  options.path = folder;
  const graph::GraphData read = read_graph_set(options);
  EXPECT_EQ(read.splits.size(), 10U);
  const GraphSummary s = summarise(read);
  EXPECT_EQ(s.nodes, 10000);
  EXPECT_EQ(s.undirected_edges, 39402);
  EXPECT_NEAR(s.edge_homophily, 0.68, 0.005);  // Platonov et al. 2023, table 1
  EXPECT_NEAR(s.adjusted_homophily, 0.01, 0.005);
}

TEST(RealGraphSets, ManyGraphsInEitherFormat) {
  TERN_NEED_REAL_DATA(tu, "tudatasets");
  TERN_NEED_REAL_DATA(gin, "graphs-gin-txt");
  const GraphSummary a = summary_of("PROTEINS", tu), b = summary_of("PROTEINS", gin);
  EXPECT_EQ(a.graphs, 1113);
  EXPECT_EQ(b.graphs, 1113);
  EXPECT_EQ(a.stored_edges, 162088);
  EXPECT_EQ(b.undirected_edges, a.undirected_edges);
  EXPECT_EQ(a.splits[0].train + a.splits[0].validation + a.splits[0].test, 1113);
  // Degrees 0 .. 25 one-hot, clustering coefficient, one attribute, three tags.
  EXPECT_EQ(a.features, 26 + 1 + 1 + 3);
}

}  // namespace
}  // namespace tern::data
