// Networks with graph pooling against hand-worked counts.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "zoo/architecture.hpp"

namespace tern::zoo {
namespace {

net::Net build(std::string_view name, const ArchitectureOptions& options = {}) {
  return find_architecture(name).build(options);
}

constexpr std::int64_t features = 10, hidden = 32;
const ArchitectureOptions small{.num_classes = 3, .input_shape = {features}, .graph = {.clusters = 12}};

/// Weights for neighbours and for the node itself, and a bias.
std::int64_t graphconv(std::int64_t in, std::int64_t out) {
  return 2 * in * out + out;
}

std::int64_t body() {
  return graphconv(features, hidden) + 2 * graphconv(hidden, hidden) + hidden * 3 + 3;
}

TEST(MincutNet, CountsByHand) {
  const auto assign = [](std::int64_t clusters) { return hidden * 16 + 16 + 16 * clusters + clusters; };
  const net::Net net = build("mincut-net", small);
  EXPECT_EQ(net::totals(net).parameters, body() + assign(12) + assign(6));
  EXPECT_EQ(net.type("pool2"), (net::TensorType{false, {6}, net::Kind::assignment}));
  EXPECT_EQ(net.type(net.output().name), (net::TensorType{false, {3}}));
}

TEST(MincutNet, NormalisesTheFirstGraphOnly) {
  const net::Net net = build("mincut-net", small);
  const auto text = [&](const char* node, const char* key) {
    return std::get<std::string>(net.node(node).attributes.at(key));
  };
  EXPECT_EQ(text("conv1_propagate", "normalisation"), "symmetric");
  EXPECT_EQ(text("conv2_propagate", "normalisation"), "sum");
  EXPECT_EQ(text("pool1", "matrix"), "symmetric");
  EXPECT_EQ(text("pool2", "matrix"), "sum");
  EXPECT_EQ(text("pool2_graph", "matrix"), "sum");
}

TEST(PoolingNets, CountByHand) {
  EXPECT_EQ(net::totals(build("diffpool-net", small)).parameters,
            body() + graphconv(hidden, 12) + graphconv(hidden, 6));
  EXPECT_EQ(net::totals(build("topk-net", small)).parameters, body() + 2 * hidden);
  EXPECT_EQ(net::totals(build("sagpool-net", small)).parameters, body() + 2 * graphconv(hidden, 1));
}

TEST(PoolingNets, HaveAsManyLevelsAsAsked) {
  ArchitectureOptions deep = small;
  deep.graph.layers = 5;
  const net::Net net = build("mincut-net", deep);
  EXPECT_EQ(net.type("pool4").shape, net::Shape{1});
  EXPECT_TRUE(net.contains("conv5_act"));
  deep.graph.clusters = -1;
  EXPECT_THROW(build("mincut-net", deep), Error);
}

TEST(MincutClustering, ScoresClusters) {
  const net::Net net = build("mincut-clustering", small);
  EXPECT_EQ(net::totals(net).parameters, graphconv(features, 16) + 16 * 3 + 3);
  EXPECT_EQ(net.output().op, "softmax");
  EXPECT_EQ(net.type(net.output().name), (net::TensorType{false, {3}}));
}

}  // namespace
}  // namespace tern::zoo
