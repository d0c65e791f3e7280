#include "data/graphs/graph_set.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "data/folders.hpp"
#include "data/graphs/graph_features.hpp"
#include "data/graphs/graph_split.hpp"
#include "data/graphs/graph_summary.hpp"
#include "data/graphs/largest_component.hpp"
#include "graph/build.hpp"

namespace tern::data {
namespace {

using Ids = std::vector<std::int32_t>;

ErrorKind error_kind(const std::function<void()>& action) {
  return testing::error_of(action).kind();
}

class GraphSetFiles : public testing::WithFolder {};

/// Two triangles 0 1 2 and 3 4 5 joined by 2 - 3, a pair 6 - 7 and node 8 alone; classes 0 0 0 1 1 1 0 1 -1.
graph::GraphData example() {
  graph::GraphData data;
  data.graph = graph::build_graph({9, {0, 1, 2, 3, 4, 5, 2, 6}, {1, 2, 0, 4, 5, 3, 3, 7}, {}});
  data.graph_offsets = {0, 9};
  data.labels = {0, 0, 0, 1, 1, 1, 0, 1, -1};
  data.num_classes = 2;
  data.features = {2, {1, 3, 2, 2, 0, 0, 4, 0, 1, 1, 5, 5, 1, 0, 0, 1, 9, 9}, {}, false};
  return data;
}

GraphDataOptions asking(const std::string& split) {
  GraphDataOptions options;
  options.name = "npz";
  options.split = split;
  return options;
}

TEST(GraphSet, EveryRowResolvesToItself) {
  std::set<std::string> names;
  for (const auto& row : graph_set_table()) {
    EXPECT_TRUE(names.insert(row.info.name).second) << row.info.name;
    GraphDataOptions options;
    options.name = row.info.name;
    const GraphDataOptions resolved = resolve(options);
    EXPECT_EQ(resolved.split, row.defaults.split);
    EXPECT_EQ(resolved.normalise_features, row.defaults.normalise_features);
    EXPECT_TRUE(row.metric == "accuracy" || row.metric == "micro-f1" || row.metric == "roc-auc")
        << row.info.name;
  }
}

TEST(GraphSet, NamesInAnyCase) {
  EXPECT_EQ(find_graph_set("PROTEINS").info.name, "proteins");
}

TEST(GraphSet, RefusesWithWhatWasExpected) {
  const auto message = [](const GraphDataOptions& options) {
    try {
      read_graph_set(options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  GraphDataOptions options;
  options.name = "corra";
  EXPECT_NE(message(options).find("did you mean 'cora'"), std::string::npos);
  options.name = "cora";
  EXPECT_NE(message(options).find("ind.cora.*"), std::string::npos) << message(options);
  options.path = "no-such-folder-anywhere";
  EXPECT_NE(message(options).find("no such file or folder"), std::string::npos);
  options.normalise_features = "columns";
  EXPECT_NE(message(options).find("none, row, standardise"), std::string::npos);
}

TEST_F(GraphSetFiles, EdgeListsNeedNoLabels) {
  write_file_atomically(root_ / "edges.txt", "0 1\n1 2\n");
  GraphDataOptions options;
  options.name = "edge-list";
  options.path = root_ / "edges.txt";
  const graph::GraphData data = load_graph_data(options);
  EXPECT_EQ(data.graph.num_nodes(), 3);
  EXPECT_TRUE(data.splits.empty());
  options.split = "random";
  EXPECT_EQ(error_kind([&] { load_graph_data(options); }), ErrorKind::usage);
}

TEST_F(GraphSetFiles, FindsSmallGraphsInTheirFolder) {
  std::filesystem::create_directories(root_ / "IMDBBINARY");
  write_file_atomically(root_ / "IMDBBINARY" / "IMDBBINARY.txt",
                        "2\n2 0\n0 1 1\n0 1 0\n3 1\n0 1 1\n0 2 0 2\n0 1 1\n");
  GraphDataOptions options;
  options.name = "imdb-binary";
  options.path = root_;
  const graph::GraphData data = read_graph_set(options);
  EXPECT_EQ(data.num_graphs(), 2);
  // Degrees 0 .. 2 one-hot, clustering coefficients, one tag.
  EXPECT_EQ(data.features.columns, 5);
  EXPECT_EQ(data.features.dense[0 * 5 + 1], 1.0F);
  EXPECT_EQ(data.features.dense[3 * 5 + 2], 1.0F);
}

TEST(GraphSplit, RandomTakesSoManyOfEachClassAndAllTheRest) {
  GraphDataOptions options = asking("random");
  options.train_per_class = 1;
  options.validation_per_class = 2;
  for (std::uint64_t seed = 1; seed < 20; ++seed) {
    options.seed = seed;
    const graph::GraphData data = prepare(example(), options);
    const graph::Split& split = data.splits.at(0);
    ASSERT_EQ(split.train.size(), 2U);
    ASSERT_EQ(split.validation.size(), 4U);
    ASSERT_EQ(split.test.size(), 2U);
    std::set<std::int32_t> all;
    for (const Ids* part : {&split.train, &split.validation, &split.test}) {
      EXPECT_TRUE(std::is_sorted(part->begin(), part->end()));
      std::int64_t of_class_1 = 0;
      for (const std::int32_t id : *part) of_class_1 += data.labels[static_cast<std::size_t>(id)];
      EXPECT_EQ(2 * of_class_1, std::ssize(*part));
      all.insert(part->begin(), part->end());
    }
    EXPECT_EQ(all.size(), 8U);  // no node twice, never the unlabelled one
  }
}

TEST(GraphSplit, DrawsEveryNodeAboutEquallyOften) {
  GraphDataOptions options = asking("random");
  options.train_per_class = 1;
  options.validation_per_class = 1;
  std::vector<int> trained(9, 0);
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    options.seed = seed;
    for (const std::int32_t id : choose_split(example(), resolve(options)).train)
      ++trained[static_cast<std::size_t>(id)];
  }
  // Binomial(2000, 1/4): mean 500, deviation 19.4; five deviations.
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(trained[static_cast<std::size_t>(i)], 500, 97) << i;
}

TEST(GraphSplit, ClassesThatAreTooSmallAreNamed) {
  GraphDataOptions options = asking("random");
  options.train_per_class = 3;
  options.validation_per_class = 1;
  EXPECT_EQ(error_kind([&] { choose_split(example(), resolve(options)); }), ErrorKind::usage);
}

TEST(GraphSplit, AShareOfEveryClass) {
  GraphDataOptions options = asking("random");
  options.train_fraction = 0.5;
  const graph::Split halves = choose_split(example(), resolve(options));
  EXPECT_EQ(halves.train.size(), 4U);  // two of four in both classes
  EXPECT_EQ(halves.validation.size(), 2U);
  EXPECT_EQ(halves.test.size(), 2U);
  options.num_validation = 3;
  const graph::Split counted = choose_split(example(), resolve(options));
  EXPECT_EQ(counted.train.size(), 4U);
  EXPECT_EQ(counted.validation.size(), 3U);
  EXPECT_EQ(counted.test.size(), 1U);
  options.train_fraction = 1;
  EXPECT_EQ(error_kind([&] { choose_split(example(), resolve(options)); }), ErrorKind::usage);
}

TEST(GraphSplit, AFixedNumberOfValidationNodes) {
  GraphDataOptions options = asking("random");
  options.train_per_class = 1;
  options.num_validation = 3;
  options.num_test = 2;
  const graph::Split split = choose_split(example(), resolve(options));
  EXPECT_EQ(split.validation.size(), 3U);
  EXPECT_EQ(split.test.size(), 2U);
}

TEST(GraphSplit, PublishedOnesByNumberSeedOrInFull) {
  graph::GraphData data = example();
  data.splits = {{{0, 3}, {1}, {2, 4}}, {{1, 4}, {0}, {8, 3}}};
  EXPECT_EQ(choose_split(data, resolve(asking("1"))).train, (Ids{1, 4}));
  EXPECT_EQ(choose_split(data, resolve(asking("1"))).test, (Ids{3}));  // node 8 has no class
  GraphDataOptions options = asking("public");
  for (const std::uint64_t seed : {1, 2, 3}) {
    options.seed = seed;
    EXPECT_EQ(choose_split(data, resolve(options)).train, data.splits[(seed - 1) % 2].train);
  }
  EXPECT_EQ(choose_split(data, resolve(asking("full"))).train, (Ids{0, 3, 5, 6, 7}));
  for (const char* wrong : {"2", "1x", "half"})
    EXPECT_EQ(error_kind([&] { choose_split(data, resolve(asking(wrong))); }), ErrorKind::usage) << wrong;
}

TEST(GraphSplit, GraphsAreStratified) {
  graph::GraphData data;
  for (int k = 0; k < 100; ++k) {
    data.graph_offsets.push_back(0);
    data.graph_labels.push_back(k < 60 ? 0 : 1);
  }
  data.num_classes = 2;
  const graph::Split split = choose_split(data, resolve(asking("random")));
  EXPECT_EQ(split.test.size(), 10U);
  EXPECT_EQ(split.validation.size(), 9U);
  EXPECT_EQ(split.train.size(), 81U);
  EXPECT_EQ(std::count_if(split.test.begin(), split.test.end(), [](std::int32_t k) { return k < 60; }), 6);
  EXPECT_EQ(
      std::count_if(split.validation.begin(), split.validation.end(), [](std::int32_t k) { return k < 60; }),
      5);
  // A published fold without a validation part gives a tenth of its training part.
  data.splits = {{{}, {}, split.test}};
  for (std::int32_t k = 0; k < 100; ++k)
    if (!std::binary_search(split.test.begin(), split.test.end(), k)) data.splits[0].train.push_back(k);
  const graph::Split fold = choose_split(data, resolve(asking("0")));
  EXPECT_EQ(fold.validation.size(), 9U);
  EXPECT_EQ(fold.train.size(), 81U);
}

TEST(GraphFeatures, RowsSumToOne) {
  graph::GraphData data = example();
  normalise_feature_rows(data.features);
  EXPECT_FLOAT_EQ(data.features.dense[0], 0.25F);
  EXPECT_FLOAT_EQ(data.features.dense[1], 0.75F);
  EXPECT_EQ(data.features.dense[4], 0.0F);  // a row of zeros stays
}

TEST(GraphFeatures, StandardisedOverTheTrainingNodesAlone) {
  graph::GraphData data = example();
  standardise_features(data.features, {0, 1, 3});
  // Column 0 is 1, 2, 4 there: mean 7/3, variance 14/9.
  EXPECT_NEAR(data.features.dense[0], (1 - 7.0 / 3) / std::sqrt(14.0 / 9), 1e-6);
  EXPECT_NEAR(data.features.dense[16], (9 - 7.0 / 3) / std::sqrt(14.0 / 9), 1e-6);
  graph::GraphData flat = example();
  standardise_features(flat.features, {4});
  EXPECT_EQ(flat.features.dense[17], 0.0F);
}

TEST(GraphFeatures, SparseAndDenseAgree) {
  graph::GraphData dense = example(), sparse = example();
  sparse.features.sparse = graph::to_sparse(9, 2, dense.features.dense);
  sparse.features.dense.clear();
  sparse.features.is_sparse = true;
  normalise_feature_rows(dense.features);
  normalise_feature_rows(sparse.features);
  EXPECT_EQ(graph::to_dense(sparse.features.sparse), dense.features.dense);
  standardise_features(dense.features, {0, 1, 3});
  standardise_features(sparse.features, {0, 1, 3});
  EXPECT_EQ(sparse.features.dense, dense.features.dense);
}

TEST(GraphFeatures, WhatIsNotFiniteIsNamed) {
  graph::GraphData data = example();
  data.features.dense[7] = std::nanf("");
  try {
    check_finite(data.features, "here");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("feature 1 of node 3"), std::string::npos) << error.what();
  }
}

TEST(GraphFeatures, SparseWhereDegreesAreLarge) {
  graph::GraphData star;
  graph::EdgeList edges{700, {}, {}, {}};
  for (std::int32_t i = 1; i < 700; ++i) {
    edges.source.push_back(0);
    edges.target.push_back(i);
  }
  star.graph = graph::build_graph(edges);
  star.graph_offsets = {0, 700};
  make_node_features(star, "degree", "star");
  ASSERT_TRUE(star.features.is_sparse);
  EXPECT_EQ(star.features.columns, 700);
  EXPECT_EQ(star.features.sparse.col[0], 699);
  EXPECT_EQ(error_kind([&] { make_node_features(star, "tags", "star"); }), ErrorKind::usage);
  EXPECT_EQ(error_kind([&] { make_node_features(star, "colour", "star"); }), ErrorKind::usage);
}

TEST(LargestComponent, KeepsItsNodesInOrder) {
  graph::GraphData data = example();
  data.splits = {{{0, 6}, {3}, {5, 8}}};
  const graph::GraphData kept = largest_component(data, "here");
  graph::check(kept, "kept");
  EXPECT_EQ(kept.graph.num_nodes(), 6);
  EXPECT_EQ(kept.graph.num_edges(), 14);
  EXPECT_EQ(kept.labels, (Ids{0, 0, 0, 1, 1, 1}));
  EXPECT_EQ(kept.features.dense, std::vector<float>({1, 3, 2, 2, 0, 0, 4, 0, 1, 1, 5, 5}));
  EXPECT_EQ(kept.splits[0].train, (Ids{0}));
  EXPECT_EQ(kept.splits[0].test, (Ids{5}));
}

TEST(GraphSummary, CountsByHand) {
  const GraphSummary s = summarise(example());
  EXPECT_EQ(s.undirected_edges, 8);
  EXPECT_EQ(s.components, 3);
  EXPECT_EQ(s.largest_component, 6);
  EXPECT_EQ(s.degree.isolated, 1);
  EXPECT_EQ(s.unlabelled, 1);
  EXPECT_EQ(s.class_sizes, (std::vector<std::int64_t>{4, 4}));
  // Six of eight edges join equals; degrees of both classes are 8 of 16.
  EXPECT_DOUBLE_EQ(s.edge_homophily, 0.75);
  EXPECT_DOUBLE_EQ(s.adjusted_homophily, 0.5);
  EXPECT_NE(describe("example", s).find("9 nodes, 8 undirected edges"), std::string::npos);
}

TEST(GraphSummary, DirectedEdgesCountOncePerPair) {
  graph::GraphData data;
  data.graph = graph::build_graph({3, {0, 1, 1, 2}, {1, 0, 2, 2}, {}}, {false, true, graph::SelfLoops::keep});
  data.graph_offsets = {0, 3};
  const GraphSummary s = summarise(data);
  EXPECT_FALSE(s.symmetric);
  EXPECT_EQ(s.undirected_edges, 2);
  EXPECT_EQ(s.degree.self_loops, 1);
}

TEST(BlockModel, IsMadeWhenAskedFor) {
  GraphDataOptions options;
  options.name = "block-model";
  options.num_nodes = 600;
  options.num_edges = 6000;
  options.num_classes = 4;
  options.num_features = 8;
  const graph::GraphData data = load_graph_data(options);
  const GraphSummary s = summarise(data);
  EXPECT_EQ(s.nodes, 600);
  EXPECT_EQ(s.classes, 4);
  EXPECT_EQ(s.features, 8);
  EXPECT_GT(s.edge_homophily,
            0.75);  // 0.8 of the second nodes come from the first one's block, and some others too
  EXPECT_EQ(data.splits.at(0).train.size(), 80U);
  EXPECT_EQ(checksum(load_graph_data(options)), checksum(data));
  options.seed = 2;
  EXPECT_NE(checksum(load_graph_data(options)), checksum(data));
}

}  // namespace
}  // namespace tern::data
