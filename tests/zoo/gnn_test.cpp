// Graph networks against published or hand-worked counts.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "zoo/architecture.hpp"

namespace tern::zoo {
namespace {

net::Net build(std::string_view name, const ArchitectureOptions& options = {}) {
  return find_architecture(name).build(options);
}

std::int64_t parameters(std::string_view name, const ArchitectureOptions& options = {}) {
  return net::totals(build(name, options)).parameters;
}

std::vector<std::string> names(const net::Net& net) {
  std::vector<std::string> out;
  for (const auto& node : net.nodes()) out.push_back(node.name);
  return out;
}

TEST(Gcn, HasThePublishedParametersOnCora) {
  // The common implementations with biases: 1433 * 16 + 16 + 16 * 7 + 7.
  EXPECT_EQ(parameters("gcn"), 23063);
  // OGB's networks for arxiv, 3 layers of 256 and batch norms: 110,120.
  EXPECT_EQ(parameters("gcn", {.num_classes = 40,
                               .input_shape = {128},
                               .graph = {.layers = 3, .hidden = 256, .norm = "batch"}}),
            110120);
}

TEST(Gcn, PropagatesTheShorterRows) {
  const net::Net net = build("gcn");
  EXPECT_EQ(names(net), (std::vector<std::string>{"input", "graph", "drop1", "linear1", "propagate1", "act1",
                                                  "drop2", "linear2", "propagate2"}));
  EXPECT_EQ(net.type("propagate2"), (net::TensorType{false, {7}}));
  EXPECT_EQ(net.parameters(net.node("linear1")).size(), 1U);
  EXPECT_EQ(net.parameters(net.node("propagate1")).size(), 1U);
  const net::Net wide = build("gcn", {.input_shape = {10}, .dropout = 0});
  EXPECT_EQ(names(wide), (std::vector<std::string>{"input", "graph", "propagate1", "linear1", "act1",
                                                   "linear2", "propagate2"}));
  EXPECT_EQ(wide.type("propagate1").shape, net::Shape{10});
}

TEST(Gcn, WorkFollowsTheMeanDegree) {
  const net::NetTotals sum = net::totals(build("gcn", {.graph = {.mean_degree = 4}}));
  EXPECT_EQ(sum.macs_per_step, 1433 * 16 + 4 * 16 + 16 * 7 + 4 * 7);
}

TEST(Sage, CountsByHand) {
  // OGB's network for arxiv, 3 layers of 256 with batch norms: 218,664 parameters.
  EXPECT_EQ(parameters("sage", {.num_classes = 40,
                                .input_shape = {128},
                                .graph = {.layers = 3, .hidden = 256, .norm = "batch"}}),
            218664);
  EXPECT_TRUE(build("sage").contains("neighbours1"));
  EXPECT_TRUE(build("sage", {.input_shape = {100}}).contains("concat1"));
}

TEST(Graphconv, AddsTheNodeItself) {
  const net::Net net = build("graphconv", {.input_shape = {3}, .dropout = 0, .graph = {.layers = 1}});
  EXPECT_EQ(names(net),
            (std::vector<std::string>{"input", "graph", "neighbours1", "propagate1", "self1", "add1"}));
  EXPECT_EQ(std::get<std::string>(net.node("propagate1").attributes.at("normalisation")), "symmetric");
  EXPECT_EQ(net::totals(net).parameters, 3 * 7 * 2 + 7);
}

TEST(Gin, CountsByHand) {
  // Two layers: 20 -> 64 -> 64 and 64 -> 64 -> 3, an eps each, three norms.
  EXPECT_EQ(parameters("gin", {.num_classes = 3, .input_shape = {20}}),
            20 * 64 + 64 + 64 * 64 + 64 + 1 + 64 * 64 + 64 + 64 * 3 + 3 + 1 + 3 * 128);
  const net::Net net = build("gin", {.num_classes = 3, .input_shape = {20}});
  EXPECT_EQ(std::get<double>(net.node("propagate1").attributes.at("eps")), 1.0);
  EXPECT_EQ(net.output().name, "linear4");
}

TEST(GinGraph, ScoresEveryLayersNodes) {
  const net::Net net = build("gin-graph", {.num_classes = 2, .input_shape = {3}});
  const std::int64_t first = 3 * 64 + 64 + 64 * 64 + 64 + 1, later = 2 * (64 * 64 + 64) + 1, norms = 8 * 128;
  EXPECT_EQ(net::totals(net).parameters, first + 3 * later + norms + 3 * 2 + 2 + 4 * (64 * 2 + 2));
  EXPECT_EQ(net.type(net.output().name), (net::TensorType{false, {2}}));
  EXPECT_EQ(net.node("readout4").inputs[0], "act8");
}

TEST(Gat, HasThePublishedParametersOnCora) {
  // The common implementations: 1433 * 64 + 2 * 64 + 64, then 64 * 7 + 2 * 7 + 7.
  EXPECT_EQ(parameters("gat"), 92373);
  EXPECT_EQ(build("gat", {.graph = {.hidden = 16, .heads = 4}}).type("attention1").shape, net::Shape{64});
}

TEST(ResidualGcn, CountsByHand) {
  // tolokers: 10 features, 2 classes. An input and an output layer, a norm before the latter; each of three blocks has a
  // norm and two square layers.
  const std::int64_t block = 2 * 64 + 2 * (64 * 64 + 64);
  const ArchitectureOptions options{.num_classes = 2, .input_shape = {10}, .graph = {.layers = 3, .hidden = 64}};
  EXPECT_EQ(parameters("gcn-residual", options), 10 * 64 + 64 + 3 * block + 2 * 64 + 64 * 2 + 2);
  // The first layer of a block reads the neighbours' mean beside the node itself.
  EXPECT_EQ(parameters("sage-residual", options) - parameters("gcn-residual", options), 3 * 64 * 64);
}

TEST(ResidualGcn, NormalisesBeforeThePropagationAndAddsTheInput) {
  const net::Net net = build("gcn-residual", {.dropout = 0, .graph = {.layers = 1, .hidden = 8}});
  EXPECT_EQ(names(net), (std::vector<std::string>{"input", "graph", "input_linear", "act0", "norm1", "propagate1",
                                                  "linear1", "act1", "linear2", "add1", "output_norm",
                                                  "output_linear"}));
  EXPECT_EQ(net.node("add1").inputs, (std::vector<std::string>{"act0", "linear2"}));
  EXPECT_EQ(std::get<std::string>(net.node("propagate1").attributes.at("normalisation")), "gcn");
  const net::Net sage = build("sage-residual", {.graph = {.layers = 2, .hidden = 8, .norm = "none"}});
  EXPECT_EQ(sage.node("concat2").inputs, (std::vector<std::string>{"propagate2", "add1"}));
  EXPECT_EQ(std::get<std::string>(sage.node("propagate2").attributes.at("normalisation")), "row");
  EXPECT_FALSE(sage.contains("output_norm"));
}

TEST(ClusterGcn, CountsByHand) {
  // PPI's network of the released code: 5 layers of 2048, layer norms behind four, no biases.
  const std::int64_t hidden = 2048;
  EXPECT_EQ(parameters("cluster-gcn",
                       {.num_classes = 121, .input_shape = {50}, .graph = {.layers = 5, .hidden = hidden}}),
            2 * 50 * hidden + 3 * 2 * hidden * hidden + 2 * hidden * 121 + 4 * 2 * hidden);
  const net::Net net = build("cluster-gcn", {.num_classes = 121, .input_shape = {50}});
  EXPECT_EQ(net.node("linear1").inputs[0], "drop1");
  EXPECT_EQ(net.node("drop1").inputs[0], "concat1");
  EXPECT_EQ(std::get<double>(net.node("norm1").attributes.at("eps")), 1e-9);
  EXPECT_FALSE(net.contains("norm4"));
}

TEST(LGcn, HasLayersToTakeOneAfterAnother) {
  const net::Net net = build("l-gcn");
  EXPECT_EQ(names(net), (std::vector<std::string>{"input", "graph", "linear1", "propagate1", "act1",
                                                  "linear2", "propagate2", "act2", "classifier"}));
  EXPECT_EQ(net::totals(net).parameters, 1433 * 16 + 16 * 16 + 16 * 7);
  // Few features are propagated as they are, before there are many.
  EXPECT_EQ(build("l-gcn", {.input_shape = {8}}).node("linear1").inputs[0], "propagate1");
}

TEST(Gnn, OptionsReachTheNet) {
  ArchitectureOptions options{.num_classes = 3, .input_shape = {8}, .width = 0.5, .dropout = 0.2};
  options.graph = {.layers = 3, .hidden = 32, .normalisation = "diagonal", .lambda = 0.25, .norm = "layer"};
  const net::Net net = build("gcn", options);
  EXPECT_EQ(net.type("linear1").shape, net::Shape{16});
  EXPECT_EQ(std::get<std::string>(net.node("propagate1").attributes.at("normalisation")), "diagonal");
  EXPECT_EQ(std::get<double>(net.node("propagate1").attributes.at("lambda")), 0.25);
  EXPECT_EQ(net.node("norm2").op, "layer_norm");
  EXPECT_EQ(std::get<double>(net.node("drop3").attributes.at("p")), 0.2);
}

TEST(Gnn, RefusesWhatItCannotBuild) {
  EXPECT_THROW(build("gcn", {.input_shape = {1, 28, 28}}), Error);
  EXPECT_THROW(build("gcn", {.width = 0.0}), Error);
  EXPECT_THROW(build("gcn", {.num_classes = -1}), Error);
  EXPECT_THROW(build("gcn", {.graph = {.layers = -1}}), Error);
  EXPECT_THROW(build("gat", {.graph = {.heads = 65}}), Error);
  EXPECT_THROW(build("sage", {.graph = {.normalisation = "gnc"}}), Error);
  EXPECT_THROW(build("gcn", {.graph = {.norm = "bach"}}), Error);
}

}  // namespace
}  // namespace tern::zoo
