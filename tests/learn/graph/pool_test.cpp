// Pooling, coarsening and lifting against dense matrices; selections by hand.
#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "graph/transform.hpp"
#include "learn/graph/random_graphs.hpp"

namespace tern::learn {
namespace {

using Attributes = std::map<std::string, net::Attribute>;

/// input (the logits or scores, and features) -> METHOD -> pooled features -> product with the coarse matrix.
net::Net pooling_net(const std::string& method, std::int64_t features, const std::string& last,
                     Attributes assign = {}, Attributes coarsen = {}) {
  net::Net net("pooling");
  net.add("input", "input", {}, {{"shape", net::Shape{features}}, {"time", false}});
  net.add("graph", "graph");
  net.add("assign", method, {"input", "graph"}, std::move(assign));
  net.add("pool", "graph_pool", {"input", "assign"});
  if (last == "pool") return net;
  if (last == "lift") {
    net.add("lift", "graph_lift", {"pool", "assign"});
    return net;
  }
  net.add("coarse", "graph_coarsen", {"graph", "assign"}, std::move(coarsen));
  net.add("propagate", "propagate", {"pool", "coarse"}, {{"normalisation", std::string("sum")}});
  return net;
}

std::shared_ptr<const GraphBatch> batch_of(const std::shared_ptr<const GraphStructure>& structure) {
  auto batch = std::make_shared<GraphBatch>();
  batch->graph.sparse = structure;
  return batch;
}

at::Tensor run(Model& model, const std::shared_ptr<const GraphStructure>& structure, const at::Tensor& x,
               std::vector<AuxiliaryLoss>* losses = nullptr) {
  ForwardOptions options;
  options.training = true;
  options.graph = batch_of(structure);
  options.auxiliary = losses;
  return forward(model, x, 1, options);
}

at::Tensor symmetric(const at::Tensor& a) {
  const at::Tensor d = a.sum(1), root = at::where(d > 0, d.rsqrt(), at::zeros_like(d));
  return root.unsqueeze(1) * a * root.unsqueeze(0);
}

TEST(SoftPooling, EqualsDenseMatrices) {
  Model pool(pooling_net("mincut", 4, "pool"), 1), lift(pooling_net("mincut", 4, "lift"), 1);
  Model plain(
      pooling_net("mincut", 4, "coarse", {}, {{"matrix", std::string("sum")}, {"zero_diagonal", false}}), 1);
  Model paper(pooling_net("mincut", 4, "coarse"), 1);
  for (const auto& c : graph_cases()) {
    const at::Tensor x = random({c.structure->num_nodes(), 4}, 2), wide = x.to(at::kDouble),
                     soft = at::softmax(wide, 1);
    const at::Tensor pooled = at::matmul(soft.t(), wide), a = dense_of(*c.structure);
    EXPECT_LT(distance(run(pool, c.structure, x), pooled), 1e-5) << c.name;
    EXPECT_LT(distance(run(lift, c.structure, x), at::matmul(soft, pooled)), 1e-5) << c.name;
    const at::Tensor coarse = at::matmul(soft.t(), at::matmul(a, soft));
    EXPECT_LT(distance(run(plain, c.structure, x), at::matmul(coarse, pooled)), 2e-3) << c.name;
    const at::Tensor rest =
        at::matmul(soft.t(), at::matmul(symmetric(a), soft)) * (1 - at::eye(4, at::kDouble));
    EXPECT_LT(distance(run(paper, c.structure, x), at::matmul(symmetric(rest), pooled)), 1e-4) << c.name;
  }
}

TEST(SoftPooling, GradientsEqualDifferences) {
  for (const char* last : {"pool", "lift", "coarse"}) {
    Model model(pooling_net("mincut", 3, last), 1);
    for (const auto& c : graph_cases()) {
      const at::Tensor x = leaf(random({c.structure->num_nodes(), 3}, 3));
      expect_gradient(
          x, [&] { return run(model, c.structure, x) * 0.1; }, c.name + std::string(", ") + last);
    }
  }
}

TEST(SoftPooling, OfABatchEqualsItsGraphsOneByOne) {
  std::vector<graph::Graph> graphs;
  for (const auto& c : graph_cases()) graphs.push_back(c.structure->graph());
  const graph::Batched joined = graph::block_diagonal(graphs);
  const auto batch = std::make_shared<GraphStructure>(joined.graph, joined.offsets);
  const at::Tensor x = random({joined.graph.num_nodes(), 3}, 4);
  for (const char* method : {"mincut", "diffpool", "topk"}) {
    Model model(pooling_net(method, 3, "coarse"), 1);
    const at::Tensor together = run(model, batch, x);
    std::vector<at::Tensor> alone;
    for (std::size_t k = 0; k < graphs.size(); ++k)
      alone.push_back(run(model, std::make_shared<GraphStructure>(graphs[k]),
                          x.slice(0, joined.offsets[k], joined.offsets[k + 1])));
    EXPECT_LT(distance(together, at::cat(alone)), 1e-5) << method;
  }
}

TEST(SoftPooling, OfLargeGraphsTakesTheOtherKernelToTheSameResult) {
  const auto structure = random_structure(900, 4000, 6, true, true, graph::SelfLoops::remove, false);
  Model model(pooling_net("mincut", 24, "lift"), 1);
  const at::Tensor x = random({900, 24}, 5), soft = at::softmax(x.to(at::kDouble), 1);
  EXPECT_LT(distance(run(model, structure, x), at::matmul(soft, at::matmul(soft.t(), x.to(at::kDouble)))),
            1e-3);
}

TEST(SoftPooling, TwoLevelsDeepPoolsDenseGraphs) {
  net::Net net = pooling_net("mincut", 4, "coarse");
  net.add("again", "mincut", {"propagate", "coarse"}, {{"matrix", std::string("sum")}});
  net.add("pool2", "graph_pool", {"propagate", "again"});
  net.add("coarse2", "graph_coarsen", {"coarse", "again"}, {{"matrix", std::string("sum")}});
  net.add("lift2", "graph_lift", {"pool2", "again"});
  net.add("lift1", "graph_lift", {"lift2", "assign"});
  net.add("readout", "graph_readout", {"lift1", "graph"});
  Model model(std::move(net), 1);
  const auto structure = std::make_shared<GraphStructure>(
      random_structure(12, 40, 7, true, true, graph::SelfLoops::remove, false)->graph(),
      std::vector<std::int64_t>{0, 12});
  std::vector<AuxiliaryLoss> losses;
  const at::Tensor x = leaf(random({12, 4}, 6));
  EXPECT_EQ(run(model, structure, x, &losses).sizes(), (at::IntArrayRef{1, 4}));
  ASSERT_EQ(losses.size(), 4U);
  EXPECT_EQ(losses[0].name, "assign.cut");
  EXPECT_EQ(losses[3].name, "again.orthogonality");
  expect_gradient(
      x,
      [&] {
        std::vector<AuxiliaryLoss> own;
        const at::Tensor dst = run(model, structure, x, &own);
        return dst.sum() * 0.1 + own[2].value + own[3].value;
      },
      "two levels");
}

TEST(Diffpool, LossesEqualDenseMatrices) {
  Model model(pooling_net("diffpool", 3, "pool", {{"loss_weight", 0.5}}), 1);
  for (const auto& c : graph_cases()) {
    const at::Tensor x = random({c.structure->num_nodes(), 3}, 7), soft = at::softmax(x.to(at::kDouble), 1);
    std::vector<AuxiliaryLoss> losses;
    run(model, c.structure, x, &losses);
    const double link = (dense_of(*c.structure) - at::matmul(soft, soft.t())).norm().item<double>();
    const double entropy = -(soft * soft.log()).sum(1).mean().item<double>();
    EXPECT_EQ(losses[0].name, "assign.link");
    EXPECT_EQ(losses[1].name, "assign.entropy");
    EXPECT_NEAR(losses[0].value.item<double>(), 0.5 * link, 1e-4 * (1 + link)) << c.name;
    EXPECT_NEAR(losses[1].value.item<double>(), 0.5 * entropy, 1e-5) << c.name;
    const at::Tensor logits = leaf(x);
    expect_gradient(
        logits,
        [&] {
          std::vector<AuxiliaryLoss> own;
          run(model, c.structure, logits, &own);
          return own[0].value + own[1].value;
        },
        c.name);
  }
}

/// A path of 4 nodes and a triangle.
std::shared_ptr<const GraphStructure> path_and_triangle() {
  return std::make_shared<GraphStructure>(graph::build_graph({7, {0, 1, 2, 4, 5, 6}, {1, 2, 3, 5, 6, 4}, {}}),
                                          std::vector<std::int64_t>{0, 4, 7});
}

TEST(Sagpool, KeepsTheLargestOfEachGraphAndEarlierOnesOfEqualScores) {
  Model model(pooling_net("sagpool", 1, "pool"), 1), lift(pooling_net("sagpool", 1, "lift"), 1);
  const at::Tensor x = at::tensor({0.5F, 2.0F, 0.5F, -1.0F, 1.0F, 1.0F, 1.0F}).view({7, 1});
  const at::Tensor kept = run(model, path_and_triangle(), x).view({-1});
  ASSERT_EQ(kept.size(0), 4);  // ceil(4 / 2) and ceil(3 / 2)
  const std::vector<double> values{0.5, 2, 1, 1}, places{0, 1, 4, 5};
  const at::Tensor lifted = run(lift, path_and_triangle(), x).view({-1});
  EXPECT_NEAR(lifted.abs().sum().item<double>(), kept.abs().sum().item<double>(), 1e-6);
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(kept[static_cast<std::int64_t>(i)].item<double>(), values[i] * std::tanh(values[i]), 1e-6);
    EXPECT_NEAR(lifted[static_cast<std::int64_t>(places[i])].item<double>(), values[i] * std::tanh(values[i]),
                1e-6);
  }
}

TEST(Sagpool, KeepsTheEdgesBetweenKeptNodes) {
  Model model(pooling_net("sagpool", 1, "coarse", {{"ratio", 0.75}}), 1);
  // Kept are 0, 1, 3 of the path (one edge is left) and all three of the triangle.
  const at::Tensor x = at::tensor({1.0F, 2.0F, -5.0F, 3.0F, 1.0F, 1.0F, 1.0F}).view({7, 1});
  const at::Tensor dst = run(model, path_and_triangle(), x).view({-1});
  const double one = std::tanh(1.0), two = 2 * std::tanh(2.0);
  const std::vector<double> expected{two, one, 0, 2 * one, 2 * one, 2 * one};
  ASSERT_EQ(dst.size(0), 6);
  for (std::int64_t i = 0; i < 6; ++i)
    EXPECT_NEAR(dst[i].item<double>(), expected[static_cast<std::size_t>(i)], 1e-6);
}

TEST(Selection, KeepsOneNodeAtLeastAndNoneOfAnEmptyGraph) {
  const auto structure = std::make_shared<GraphStructure>(graph::build_graph({3, {0}, {1}, {}}),
                                                          std::vector<std::int64_t>{0, 2, 2, 3});
  Model model(pooling_net("sagpool", 1, "pool", {{"ratio", 0.01}}), 1);
  EXPECT_EQ(run(model, structure, random({3, 1}, 1)).size(0), 2);
  EXPECT_EQ(run(model, structure, at::full({3, 1}, NAN)).size(0), 2);
}

TEST(Topk, ScoresByTheProjectionsDirection) {
  Model model(pooling_net("topk", 2, "pool"), 1);
  at::Tensor projection = model.parameter("assign", "projection").latent;
  EXPECT_GT(projection.abs().sum().item<double>(), 0);
  const c10::NoGradGuard no_grad;
  projection.copy_(at::tensor({0.0F, 4.0F}).view({1, 2}));
  const at::Tensor x = random({7, 2}, 8), kept = run(model, path_and_triangle(), x);
  const at::Tensor score = x.select(1, 1);
  std::vector<std::int64_t> rows;
  for (const auto& [first, last] : {std::pair<std::int64_t, std::int64_t>{0, 4}, {4, 7}}) {
    const at::Tensor best = std::get<1>(score.slice(0, first, last).topk(2)) + first;
    const at::Tensor ordered = std::get<0>(best.sort());
    rows.insert(rows.end(), {ordered[0].item<std::int64_t>(), ordered[1].item<std::int64_t>()});
  }
  const at::Tensor index = at::tensor(rows, at::kLong);
  EXPECT_LT(distance(kept, x.index_select(0, index) * at::tanh(score.index_select(0, index)).unsqueeze(1)),
            1e-6);
}

TEST(Topk, ItsProjectionLearns) {
  Model model(pooling_net("topk", 3, "coarse"), 1);
  const at::Tensor x = random({7, 3}, 9);
  const at::Tensor projection = model.parameter("assign", "projection").latent;
  expect_gradient(
      projection, [&] { return run(model, path_and_triangle(), x); }, "projection", 1e-3, 5e-3);
}

TEST(Selection, CutsTheSubgraphOutOfADenseMatrix) {
  net::Net net = pooling_net("mincut", 4, "coarse");
  net.add("select", "sagpool",
          {net.add("score", "slice", {"propagate"}, {{"begin", 0}, {"end", 1}}), "coarse"});
  net.add("few", "graph_pool", {"propagate", "select"});
  net.add("few_graph", "graph_coarsen", {"coarse", "select"});
  net.add("last", "propagate", {"few", "few_graph"}, {{"normalisation", std::string("sum")}});
  Model model(std::move(net), 1);
  EXPECT_EQ(run(model, path_and_triangle(), random({7, 4}, 2)).sizes(), (at::IntArrayRef{4, 4}));
}

TEST(Pooling, RefusesRowsThatDoNotFit) {
  Model model(pooling_net("mincut", 3, "pool"), 1);
  EXPECT_THROW(run(model, path_and_triangle(), random({6, 3}, 1)), Error);
  net::Net net("two graphs");
  net.add("input", "input", {}, {{"shape", net::Shape{3}}, {"time", false}});
  net.add("graph", "graph");
  EXPECT_THROW(net.add("score", "sagpool", {"input", "graph"}), Error);  // one score a node
  net.add("assign", "mincut", {"input", "graph"});
  EXPECT_THROW(net.add("pool", "graph_pool", {"input", "graph"}), Error);  // a graph is no assignment
}

}  // namespace
}  // namespace tern::learn
