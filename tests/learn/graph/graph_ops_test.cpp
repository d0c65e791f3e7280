// Operations on graphs as a Net runs them: attributes, readouts, whole networks.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "graph/transform.hpp"
#include "learn/graph/random_graphs.hpp"

namespace tern::learn {
namespace {

at::Tensor run(Model& model, const GraphValue& graph, const at::Tensor& x, ForwardOptions options = {}) {
  options.graph = std::make_shared<GraphBatch>(GraphBatch{graph, nullptr});
  return forward(model, x, 1, options);
}

net::Net net_of(std::int64_t features, const std::string& op,
                std::map<std::string, net::Attribute> attributes) {
  net::Net net("graph");
  net.add("input", "input", {}, {{"shape", net::Shape{features}}, {"time", false}});
  net.add("graph", "graph");
  net.add("node", op, {"input", "graph"}, std::move(attributes));
  return net;
}

/// Two graph convolutions, relu between.
net::Net gcn(std::int64_t features, std::int64_t classes) {
  net::Net net("gcn");
  net.add("input", "input", {}, {{"shape", net::Shape{features}}, {"time", false}});
  net.add("graph", "graph");
  net.add("linear1", "linear", {"input"}, {{"out_features", 8}});
  net.add("propagate1", "propagate", {"linear1", "graph"}, {{"bias", true}});
  net.add("act1", "relu", {"propagate1"});
  net.add("linear2", "linear", {"act1"}, {{"out_features", classes}});
  net.add("propagate2", "propagate", {"linear2", "graph"}, {{"bias", true}});
  return net;
}

TEST(PropagateOperation, AddsTheNodesOwnFeaturesAndABias) {
  for (const auto& c : graph_cases()) {
    const at::Tensor x = random({c.structure->num_nodes(), 6}, 1);
    const at::Tensor sums = at::matmul(dense_of(*c.structure), x.to(at::kDouble)).to(at::kFloat);
    Model fixed(net_of(6, "propagate", {{"normalisation", "sum"}, {"eps", 1.5}}), 1);
    EXPECT_LT(distance(run(fixed, value_of(c.structure), x), sums + 1.5 * x), 1e-4) << c.name;
    Model trained(
        net_of(6, "propagate", {{"normalisation", "sum"}, {"eps", 1.0}, {"train_eps", true}, {"bias", true}}),
        1);
    EXPECT_LT(distance(run(trained, value_of(c.structure), x), sums + x), 1e-4) << c.name;
    {
      const c10::NoGradGuard no_grad;
      trained.parameter("node", "eps").latent.fill_(0.25);
      trained.parameter("node", "bias").latent.copy_(random({6}, 2));
    }
    EXPECT_LT(distance(run(trained, value_of(c.structure), x),
                       sums + 1.25 * x + trained.parameter("node", "bias").latent),
              1e-4)
        << c.name;
    for (const char* name : {"eps", "bias"})
      expect_gradient(
          trained.parameter("node", name).latent, [&] { return run(trained, value_of(c.structure), x); },
          c.name + name);
  }
}

TEST(PropagateOperation, BiasesStartAtZero) {
  Model model(net_of(6, "propagate", {{"bias", true}, {"train_eps", true}}), 3);
  EXPECT_EQ(model.parameter("node", "bias").latent.abs().max().item<float>(), 0.0F);
  EXPECT_EQ(model.parameter("node", "eps").latent.abs().max().item<float>(), 0.0F);
}

TEST(GraphNode, RefusesARunWithoutAGraph) {
  Model model(gcn(4, 3), 1);
  EXPECT_THROW(forward(model, at::zeros({5, 4}), 1, {}), Error);
}

TEST(GraphReadout, MeanSumAndMaximumOfEachGraph) {
  const graph::Graph graph = graph_cases()[0].structure->graph();  // 23 nodes
  const std::vector<std::int64_t> offsets{0, 4, 4, 5, 20, 23};
  const GraphValue value = value_of(std::make_shared<GraphStructure>(graph, offsets));
  const at::Tensor x = leaf(random({23, 3}, 4));
  for (const char* reduce : {"mean", "sum", "max"}) {
    Model model(net_of(3, "graph_readout", {{"reduce", reduce}}), 1);
    const at::Tensor dst = run(model, value, x);
    ASSERT_EQ(dst.sizes(), (at::IntArrayRef{5, 3})) << reduce;
    for (std::size_t k = 0; k < 5; ++k) {
      const at::Tensor rows = x.slice(0, offsets[k], offsets[k + 1]);
      const at::Tensor expected = rows.size(0) == 0              ? at::zeros({3})
                                  : std::string(reduce) == "max" ? rows.amax(0)
                                  : std::string(reduce) == "sum" ? rows.sum(0)
                                                                 : rows.mean(0);
      EXPECT_LT(distance(dst[static_cast<std::int64_t>(k)], expected), 1e-5) << reduce << k;
    }
    expect_gradient(
        x, [&] { return run(model, value, x); }, reduce, 1e-3, 1e-2);
  }
}

TEST(GraphReadout, OfClustersIsThatOfTheirRows) {
  const GraphValue dense{.sparse = nullptr, .edge_factor = {}, .dense = at::ones({2, 3, 3})};
  const GraphValue sparse = value_of(std::make_shared<GraphStructure>(
      random_structure(6, 0, 1, true, true, graph::SelfLoops::remove, false)->graph(),
      std::vector<std::int64_t>{0, 3, 6}));
  const at::Tensor x = random({6, 4}, 5);
  for (const char* reduce : {"mean", "sum", "max"}) {
    Model model(net_of(4, "graph_readout", {{"reduce", reduce}}), 1);
    EXPECT_LT(distance(run(model, dense, x), run(model, sparse, x)), 1e-6) << reduce;
  }
  Model model(net_of(4, "graph_readout", {}), 1);
  EXPECT_THROW(run(model, sparse, random({5, 4}, 6)), Error);
}

TEST(GraphNetwork, EqualsTheFormulaOfKipfAndWelling) {
  for (const auto& c : graph_cases()) {
    Model model(gcn(5, 3), 2);
    const at::Tensor x = random({c.structure->num_nodes(), 5}, 7), a = dense_of(*c.structure);
    const at::Tensor root = (a.sum(1) + 1).rsqrt();
    const at::Tensor m = root.unsqueeze(1) * (a + at::eye(a.size(0), at::kDouble)) * root;
    const auto weight = [&](const char* node) {
      return model.parameter(node, "weight").latent.t().to(at::kDouble);
    };
    const at::Tensor hidden = at::relu(at::matmul(m, at::matmul(x.to(at::kDouble), weight("linear1"))));
    const at::Tensor expected = at::matmul(m, at::matmul(hidden, weight("linear2")));
    EXPECT_LT(distance(run(model, value_of(c.structure), x), expected), 1e-4) << c.name;
  }
}

TEST(GraphNetwork, GraphsSideBySideAreGraphsAlone) {
  std::vector<graph::Graph> graphs;
  std::vector<at::Tensor> features, alone;
  Model model(gcn(5, 3), 3);
  for (const auto& c : graph_cases()) {
    if (c.structure->graph().is_weighted()) continue;
    graphs.push_back(c.structure->graph());
    features.push_back(random({c.structure->num_nodes(), 5}, 8 + graphs.size()));
    alone.push_back(run(model, value_of(c.structure), features.back()));
  }
  graph::Batched batch = graph::block_diagonal(graphs);
  const auto together = std::make_shared<GraphStructure>(std::move(batch.graph), batch.offsets);
  EXPECT_EQ(together->num_graphs(), static_cast<std::int64_t>(graphs.size()));
  EXPECT_LT(distance(run(model, value_of(together), at::cat(features)), at::cat(alone)), 1e-5);
}

TEST(GraphNetwork, GradientsRepeatBitForBit) {
  const auto structure = random_structure(500, 3000, 9, true, true, graph::SelfLoops::remove, false);
  const at::Tensor x = random({500, 32}, 10);
  std::vector<at::Tensor> gradients;
  for (int i = 0; i < 2; ++i) {
    Model model(gcn(32, 4), 4);
    run(model, value_of(structure), x, {.training = true, .graph = {}, .observer = {}})
        .square()
        .sum()
        .backward();
    gradients.push_back(model.parameter("linear1", "weight").latent.grad());
  }
  EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
}

}  // namespace
}  // namespace tern::learn
