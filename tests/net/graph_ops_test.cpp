// Operations on graphs: what they take, what they give, their parameters and work by hand.
#include <ostream>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "net/net.hpp"

namespace tern::net {
namespace {

using Attributes = std::map<std::string, Attribute>;

/// "x" of `features` a node, and "graph".
Net start(std::int64_t features, std::int64_t mean_degree = 0) {
  Net net("test");
  net.add("x", "input", {}, {{"shape", Shape{features}}, {"time", false}});
  net.add("graph", "graph", {}, {{"mean_degree", mean_degree}});
  return net;
}

struct Case {
  std::string op;
  std::int64_t features;
  Attributes attributes;
  Shape dst;
  std::int64_t parameters;
  std::int64_t macs;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.op;
}

class GraphOperation : public ::testing::TestWithParam<Case> {};

TEST_P(GraphOperation, MatchesTheHandWorkedCase) {
  const Case& c = GetParam();
  Net net = start(c.features, 3);
  net.add("y", c.op, {"x", "graph"}, c.attributes);
  EXPECT_EQ(net.type("y"), (TensorType{false, c.dst}));
  std::int64_t parameters = 0;
  for (const auto& spec : net.parameters(net.node("y"))) {
    parameters += num_elements(spec.shape);
    EXPECT_NE(spec.role, ParameterRole::weight) << spec.name;
  }
  EXPECT_EQ(parameters, c.parameters);
  EXPECT_EQ(net.work(net.node("y")).macs, c.macs);
}

INSTANTIATE_TEST_SUITE_P(
    Table, GraphOperation,
    ::testing::Values(
        // Three edges a node.
        Case{"propagate", 8, {}, {8}, 0, 24}, Case{"propagate", 8, {{"bias", true}}, {8}, 8, 24},
        Case{"propagate", 8, {{"normalisation", "sum"}, {"eps", 1.0}, {"train_eps", true}}, {8}, 1, 24},
        // Both scores of a node, and its three edges.
        Case{"graph_attention", 12, {{"heads", 3}}, {12}, 24, 60},
        Case{"graph_attention", 12, {{"heads", 3}, {"mean_heads", true}, {"bias", true}}, {4}, 28, 60},
        Case{"graph_readout", 8, {{"reduce", "sum"}}, {8}, 0, 0}));

TEST(GraphKinds, AreChecked) {
  Net net = start(8);
  EXPECT_EQ(net.type("graph").kind, Kind::graph);
  EXPECT_EQ(to_string(net.type("graph")), "graph");
  EXPECT_EQ(net.input().name, "x");
  EXPECT_THROW(net.add("a", "propagate", {"x", "x"}), Error);
  EXPECT_THROW(net.add("a", "propagate", {"graph", "graph"}), Error);
  EXPECT_THROW(net.add("a", "propagate", {"x"}), Error);
  EXPECT_THROW(net.add("a", "relu", {"graph"}), Error);
  EXPECT_THROW(net.add("a", "linear", {"graph"}, {{"out_features", 3}}), Error);
  EXPECT_THROW(net.add("a", "concat", {"x", "x", "graph"}), Error);
  try {
    net.add("a", "propagate", {"x", "x"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("input 2 of propagate is a graph, and 'x' is a tensor"),
              std::string::npos)
        << error.what();
  }
}

TEST(GraphKinds, OnlyGraphsMayFollowTheInputWithoutInputs) {
  Net net = start(8);
  EXPECT_THROW(net.add("again", "input", {}, {{"shape", Shape{8}}}), Error);
  EXPECT_EQ(net.add("other", "graph"), "other");
  Net empty("test");
  EXPECT_THROW(empty.add("graph", "graph"), Error);
}

TEST(GraphOperations, RefuseTimeImagesAndValuesOutOfRange) {
  Net timed("test", 4);
  timed.add("x", "input", {}, {{"shape", Shape{8}}});
  timed.add("graph", "graph");
  EXPECT_THROW(timed.add("a", "propagate", {"x", "graph"}), Error);
  EXPECT_THROW(timed.add("a", "graph_readout", {"x", "graph"}), Error);
  EXPECT_THROW(timed.add("a", "graph_attention", {"x", "graph"}), Error);
  Net image("test");
  image.add("x", "input", {}, {{"shape", Shape{1, 4, 4}}, {"time", false}});
  image.add("graph", "graph");
  EXPECT_THROW(image.add("a", "propagate", {"x", "graph"}), Error);
  Net net = start(8);
  EXPECT_THROW(net.add("a", "propagate", {"x", "graph"}, {{"normalisation", "gnc"}}), Error);
  EXPECT_THROW(net.add("a", "propagate", {"x", "graph"}, {{"lambda", -1.0}}), Error);
  EXPECT_THROW(net.add("a", "graph_readout", {"x", "graph"}, {{"reduce", "median"}}), Error);
  EXPECT_THROW(net.add("a", "graph_attention", {"x", "graph"}, {{"heads", 3}}), Error);
}

TEST(GraphOperations, GoThroughJson) {
  Net net = start(8, 5);
  net.add("p", "propagate", {"x", "graph"}, {{"normalisation", "diagonal"}, {"lambda", 0.5}, {"bias", true}});
  net.add("a", "graph_attention", {"p", "graph"}, {{"heads", 2}});
  net.add("r", "graph_readout", {"a", "graph"});
  const Net read = from_json(to_json(net));
  EXPECT_EQ(to_json(read), to_json(net));
  EXPECT_EQ(read.type("graph"), net.type("graph"));
  EXPECT_NE(summary(net).find("propagate"), std::string::npos);
}

TEST(LayerNorm, HasGainAndShiftOfEveryFeature) {
  Net net = start(8);
  net.add("n", "layer_norm", {"x"});
  EXPECT_EQ(net.type("n"), (TensorType{false, {8}}));
  EXPECT_EQ(totals(net).parameters, 16);
}

}  // namespace
}  // namespace tern::net
