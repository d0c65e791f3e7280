// Attention over neighbours against the formula on a dense matrix, and finite differences.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "graph/transform.hpp"
#include "learn/autograd/attention_function.hpp"
#include "learn/graph/random_graphs.hpp"

namespace tern::learn {
namespace {

net::Net attention_net(std::int64_t features, std::map<std::string, net::Attribute> attributes) {
  net::Net net("attention");
  net.add("input", "input", {}, {{"shape", net::Shape{features}}, {"time", false}});
  net.add("graph", "graph");
  net.add("attention", "graph_attention", {"input", "graph"}, std::move(attributes));
  return net;
}

Model random_model(std::int64_t features, std::map<std::string, net::Attribute> attributes) {
  Model model(attention_net(features, std::move(attributes)), 1);
  const c10::NoGradGuard no_grad;
  std::uint64_t seed = 30;
  for (auto& [name, parameter] : model.parameters())
    parameter.latent.copy_(random(parameter.latent.sizes(), ++seed));
  return model;
}

at::Tensor run(Model& model, const GraphValue& graph, const at::Tensor& x, ForwardOptions options = {}) {
  options.graph = std::make_shared<GraphBatch>(GraphBatch{graph, nullptr});
  return forward(model, x, 1, options);
}

/// dst_u = sum over v in N(u) and u of a_uv x_v, written on an N x N mask of edges (each at most once),
/// double.
at::Tensor by_formula(const Model& model, const at::Tensor& mask, const at::Tensor& factor,
                      const at::Tensor& x, std::int64_t heads, double slope) {
  const std::int64_t features = x.size(1) / heads;
  std::vector<at::Tensor> joined;
  for (std::int64_t k = 0; k < heads; ++k) {
    const at::Tensor rows = x.slice(1, k * features, (k + 1) * features).to(at::kDouble);
    const auto score = [&](const char* name) {
      return at::matmul(rows, model.parameter("attention", name).latent[k].to(at::kDouble));
    };
    at::Tensor logits = at::leaky_relu(score("target").unsqueeze(1) + score("source").unsqueeze(0), slope);
    logits = logits.masked_fill(mask == 0, -1e300);
    joined.push_back(at::matmul(at::softmax(logits, 1) * factor, rows));
  }
  return at::cat(joined, 1);
}

at::Tensor with_diagonal(const at::Tensor& mask) {
  return at::max(mask, at::eye(mask.size(0), at::kDouble));
}

/// Those of graph_cases() in which no edge is there twice.
std::vector<GraphCase> simple_cases() {
  auto cases = graph_cases();
  std::erase_if(cases, [](const GraphCase& c) { return c.name == "repeated edges and loops"; });
  return cases;
}

TEST(GraphAttention, EqualsTheFormula) {
  for (const auto& c : simple_cases())
    for (const std::int64_t heads : {1, 3}) {
      Model model = random_model(6, {{"heads", heads}, {"negative_slope", 0.3}});
      const at::Tensor x = random({c.structure->num_nodes(), 6}, 1);
      const at::Tensor mask = with_diagonal((dense_of(*c.structure) != 0).to(at::kDouble));
      const at::Tensor dst = run(model, value_of(c.structure), x);
      EXPECT_LT(distance(dst, by_formula(model, mask, at::ones_like(mask), x, heads, 0.3)), 1e-4)
          << c.name << heads;
    }
}

TEST(GraphAttention, ByHand) {
  // Node 0 sees nodes 0 and 1, node 1 itself alone; x_0 = 1, x_1 = 3, scores x_v alone: softmax(1, 3) . (1,
  // 3).
  graph::EdgeList list{2, {0}, {1}, {}};
  const auto structure =
      std::make_shared<GraphStructure>(build_graph(list, {false, true, graph::SelfLoops::remove}));
  Model model(attention_net(1, {{"heads", 1}}), 1);
  {
    const c10::NoGradGuard no_grad;
    model.parameter("attention", "target").latent.zero_();
    model.parameter("attention", "source").latent.fill_(1);
  }
  const at::Tensor dst = run(model, value_of(structure), at::tensor({1.0F, 3.0F}).view({2, 1}));
  const double share = 1 / (1 + std::exp(2.0));
  EXPECT_NEAR(dst[0].item<double>(), share + 3 * (1 - share), 1e-5);
  EXPECT_NEAR(dst[1].item<double>(), 3, 1e-5);
}

TEST(GraphAttention, MeanOfHeadsAndBias) {
  const auto structure = graph_cases()[0].structure;
  const at::Tensor x = random({structure->num_nodes(), 6}, 2);
  Model joined = random_model(6, {{"heads", 3}}),
        mean = random_model(6, {{"heads", 3}, {"mean_heads", true}, {"bias", true}});
  {
    const c10::NoGradGuard no_grad;
    for (const char* name : {"source", "target"})
      mean.parameter("attention", name).latent.copy_(joined.parameter("attention", name).latent);
  }
  const at::Tensor expected = run(joined, value_of(structure), x).view({-1, 3, 2}).mean(1) +
                              mean.parameter("attention", "bias").latent;
  EXPECT_LT(distance(run(mean, value_of(structure), x), expected), 1e-6);
}

TEST(GraphAttention, GradientsAreThoseOfFiniteDifferences) {
  for (const auto& c : graph_cases()) {
    if (c.structure->num_nodes() > 23) continue;
    // With slope 1 leaky_relu has no bend.
    Model smooth(attention_net(4, {{"heads", 2}, {"bias", true}, {"negative_slope", 1.0}}), 1);
    const at::Tensor x = leaf(random({c.structure->num_nodes(), 4}, 3));
    const at::Tensor factor = leaf(at::rand({c.structure->graph().num_edges()}, make_generator(4)) + 0.5);
    const GraphValue graph = value_of(c.structure, factor);
    expect_gradient(
        x, [&] { return run(smooth, graph, x); }, c.name + ", x", 1e-2, 5e-3);
    for (const char* name : {"source", "target", "bias"})
      expect_gradient(
          smooth.parameter("attention", name).latent, [&] { return run(smooth, graph, x); }, c.name + name,
          1e-2, 5e-3);
    if (factor.numel() > 0)
      expect_gradient(
          factor, [&] { return run(smooth, graph, x); }, c.name + ", factor", 1e-2, 5e-3);
  }
}

TEST(EdgeSoftmax, GradientThroughTheBendEqualsTorchsOwn) {
  for (const auto& c : graph_cases()) {
    const graph::Graph& graph = c.structure->graph();
    const std::int64_t nodes = graph.num_nodes(), edges = graph.num_edges();
    const at::Tensor target = leaf(random({2, nodes}, 5)), source = leaf(random({2, nodes}, 6)),
                     grad = random({2, edges}, 7);
    edge_softmax(c.structure, target, source, 0.2).backward(grad);
    const at::Tensor other_target = leaf(target), other_source = leaf(source);
    at::Tensor loss = at::zeros({});
    for (std::int64_t u = 0; u < nodes; ++u) {
      const std::int64_t begin = graph.rowptr()[static_cast<std::size_t>(u)], end = begin + graph.degree(u);
      if (begin == end) continue;
      std::vector<std::int64_t> columns;
      for (const std::int32_t v : graph.neighbours(u)) columns.push_back(v);
      const at::Tensor column = at::tensor(columns, at::kLong);
      const at::Tensor scores =
          at::leaky_relu(other_target.slice(1, u, u + 1) + other_source.index_select(1, column), 0.2);
      loss = loss + (at::softmax(scores, 1) * grad.slice(1, begin, end)).sum();
    }
    if (edges > 0) loss.backward();
    const auto gradient = [](const at::Tensor& x) {
      return x.grad().defined() ? x.grad() : at::zeros_like(x);
    };
    EXPECT_LT(distance(gradient(target), gradient(other_target)), 1e-5) << c.name;
    EXPECT_LT(distance(gradient(source), gradient(other_source)), 1e-5) << c.name;
  }
}

TEST(EdgeSoftmax, RowsAddUpToOneAtAnyScale) {
  for (const auto& c : graph_cases()) {
    const at::Tensor scores = random({3, c.structure->num_nodes()}, 8) * 300;
    const at::Tensor softmax = edge_softmax(c.structure, scores, scores, 0.2);
    const graph::Graph& graph = c.structure->graph();
    for (std::int64_t u = 0; u < graph.num_nodes(); ++u) {
      const std::int64_t begin = graph.rowptr()[static_cast<std::size_t>(u)];
      if (graph.degree(u) == 0) continue;
      const at::Tensor sums = softmax.slice(1, begin, begin + graph.degree(u)).sum(1);
      EXPECT_LT(distance(sums, at::ones({3})), 1e-5) << c.name << u;
    }
  }
}

TEST(WeightedSums, OfRepeatedEdgesAddUp) {
  const auto structure = graph_cases()[4].structure;
  const graph::Graph& graph = structure->graph();
  const at::Tensor x = random({2, graph.num_nodes(), 5}, 9), coefficient = random({2, graph.num_edges()}, 10);
  const at::Tensor dst = weighted_sums(structure, coefficient, x);
  for (std::int64_t k = 0; k < 2; ++k)
    EXPECT_LT(distance(dst[k], at::matmul(dense_of(*structure, coefficient[k]), x[k].to(at::kDouble))), 1e-5);
}

TEST(GraphAttention, DropsCoefficientsInTrainingAlone) {
  const auto structure = random_structure(400, 4000, 11, true, true, graph::SelfLoops::remove, false);
  Model model = random_model(8, {{"heads", 4}, {"dropout", 0.5}}), plain = random_model(8, {{"heads", 4}});
  const at::Tensor x = at::ones({400, 8});
  const ForwardOptions training{.training = true, .seed = 3, .graph = {}, .observer = {}};
  const at::Tensor evaluated = run(model, value_of(structure), x),
                   trained = run(model, value_of(structure), x, training);
  EXPECT_TRUE(at::equal(evaluated, run(plain, value_of(structure), x)));
  EXPECT_LT(distance(evaluated, x), 1e-5);  // coefficients add up to 1
  EXPECT_NEAR(trained.mean().item<double>(), 1, 0.03);
  EXPECT_GT(trained.std().item<double>(), 0.1);
  EXPECT_TRUE(at::equal(trained, run(model, value_of(structure), x, training)));
  ForwardOptions other = training;
  other.seed = 4;
  EXPECT_FALSE(at::equal(trained, run(model, value_of(structure), x, other)));
}

TEST(GraphAttention, RelabelledNodesAreTheSameRowsElsewhere) {
  for (const auto& c : graph_cases()) {
    Rng rng(12);
    std::vector<std::int32_t> new_id;
    for (const std::int64_t id : permutation(c.structure->num_nodes(), rng))
      new_id.push_back(static_cast<std::int32_t>(id));
    at::Tensor place = at::empty({c.structure->num_nodes()}, at::kLong);
    for (std::size_t i = 0; i < new_id.size(); ++i) place[static_cast<std::int64_t>(i)] = new_id[i];
    Model model = random_model(4, {{"heads", 2}});
    const at::Tensor x = random({c.structure->num_nodes(), 4}, 13);
    at::Tensor moved = at::empty_like(x);
    moved.index_copy_(0, place, x);
    const auto renamed = std::make_shared<GraphStructure>(graph::relabel(c.structure->graph(), new_id));
    EXPECT_LT(distance(run(model, value_of(renamed), moved).index_select(0, place),
                       run(model, value_of(c.structure), x)),
              1e-5)
        << c.name;
  }
}

TEST(GraphAttention, FactorsOfZeroRemoveEdgesBehindTheSoftmax) {
  const auto structure = graph_cases()[1].structure;
  Model model = random_model(6, {{"heads", 2}});
  const at::Tensor x = random({23, 6}, 14),
                   factor = (random({structure->graph().num_edges()}, 15) > 0).to(at::kFloat);
  const at::Tensor a = dense_of(*structure);
  const at::Tensor kept = with_diagonal(dense_of(*structure, factor));
  EXPECT_LT(distance(run(model, value_of(structure, factor), x),
                     by_formula(model, with_diagonal((a != 0).to(at::kDouble)), kept, x, 2, 0.2)),
            1e-4);
}

TEST(GraphAttention, DoesNotDependOnTheNumberOfThreads) {
  const auto structure = random_structure(3000, 20000, 16, true, true, graph::SelfLoops::remove, false);
  const int before = num_threads();
  at::Tensor sums[2], softmax_gradients[2], x_gradients[2];
  for (int i = 0; i < 2; ++i) {
    set_num_threads(1 + i);
    const at::Tensor scores = leaf(random({4, 3000}, 17)), x = leaf(random({4, 3000, 8}, 18));
    sums[i] = weighted_sums(structure, edge_softmax(structure, scores, scores, 0.2), x);
    sums[i].backward(random({4, 3000, 8}, 19));
    softmax_gradients[i] = scores.grad();
    x_gradients[i] = x.grad();
  }
  set_num_threads(before);
  EXPECT_TRUE(at::equal(sums[0], sums[1]));
  EXPECT_TRUE(at::equal(softmax_gradients[0], softmax_gradients[1]));
  EXPECT_TRUE(at::equal(x_gradients[0], x_gradients[1]));
}

TEST(GraphAttention, RefusesDenseGraphsAndOtherRows) {
  Model model = random_model(4, {{"heads", 2}});
  const GraphValue dense{.sparse = nullptr, .edge_factor = {}, .dense = at::ones({1, 3, 3})};
  try {
    run(model, dense, at::zeros({3, 4}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  }
  EXPECT_THROW(run(model, value_of(graph_cases()[0].structure), at::zeros({3, 4})), Error);
}

}  // namespace
}  // namespace tern::learn
