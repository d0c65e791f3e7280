// Bags of words through dropout and linear layers against the same features made dense.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/graph/random_graphs.hpp"

namespace tern::learn {
namespace {

/// About `share` of the entries, some rows and columns empty.
graph::SparseMatrix random_matrix(std::int64_t rows, std::int64_t columns, double share, std::uint64_t seed,
                                  bool ones) {
  Rng rng(seed);
  std::vector<float> dense(static_cast<std::size_t>(rows * columns), 0.0F);
  for (std::size_t i = 0; i < dense.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i) / columns, column = static_cast<std::int64_t>(i) % columns;
    if (row % 5 == 3 || column % 7 == 2 || rng.uniform() >= share) continue;
    dense[i] = ones ? 1.0F : static_cast<float>(rng.uniform() + 0.5);
  }
  graph::SparseMatrix matrix = graph::to_sparse(rows, columns, dense);
  if (ones) matrix.value.clear();
  return matrix;
}

std::shared_ptr<const SparseRows> random_rows(std::int64_t rows, std::int64_t columns, double share,
                                              std::uint64_t seed, bool ones = false) {
  return std::make_shared<SparseRows>(sparse_rows(random_matrix(rows, columns, share, seed, ones)));
}

net::Net net_of(std::int64_t features, double dropout) {
  net::Net net("sparse");
  std::string last = net.add("input", "input", {}, {{"shape", net::Shape{features}}, {"time", false}});
  if (dropout > 0) last = net.add("drop", "dropout", {last}, {{"p", dropout}});
  net.add("linear", "linear", {last}, {{"out_features", 9}, {"bias", true}});
  return net;
}

at::Tensor run(Model& model, const std::shared_ptr<const SparseRows>& rows, ForwardOptions options = {}) {
  options.graph = std::make_shared<GraphBatch>(GraphBatch{{}, rows});
  return forward(model, {}, 1, options);
}

TEST(SparseRows, AreTheirDenseMatrix) {
  for (const bool ones : {false, true}) {
    graph::SparseMatrix matrix = random_matrix(11, 17, 0.2, 1, ones);
    const std::vector<float> expected = graph::to_dense(matrix);
    SparseRows rows = sparse_rows(matrix);
    const at::Tensor dense = at::tensor(expected).view({11, 17});
    EXPECT_TRUE(at::equal(to_dense(rows), dense));
    rows.factor = 2;
    EXPECT_TRUE(at::equal(to_dense(rows), dense * 2));
    rows.keep = at::zeros({matrix.entries()}, at::kByte);
    EXPECT_EQ(to_dense(rows).abs().max().item<float>(), 0.0F);
  }
}

TEST(SparseRows, RefuseWhatContradictsItself) {
  graph::SparseMatrix matrix = random_matrix(5, 8, 0.4, 2, false);
  matrix.col[0] = 8;
  EXPECT_THROW(sparse_rows(std::move(matrix)), Error);
}

TEST(SparseLinear, EqualsTheDenseProductWithItsGradient) {
  for (const bool ones : {false, true})
    for (const std::int64_t out : {1, 7, 16, 40})
      for (const bool dropped : {false, true}) {
        SparseRows rows = *random_rows(31, 29, 0.15, 3, ones);
        if (dropped) {
          rows.keep = (random({rows.matrix->entries()}, 4) > 0).to(at::kByte);
          rows.factor = 2;
        }
        const at::Tensor weight = leaf(random({out, 29}, 5)), other = leaf(weight),
                         grad = random({31, out}, 6);
        const at::Tensor dst = sparse_linear(rows, weight), expected = at::linear(to_dense(rows), other);
        dst.backward(grad);
        expected.backward(grad);
        EXPECT_LT(distance(dst, expected), 1e-5) << ones << out << dropped;
        EXPECT_LT(distance(weight.grad(), other.grad()), 2e-5) << ones << out << dropped;
      }
}

TEST(SparseLinear, RefusesOtherFeatures) {
  EXPECT_THROW(sparse_linear(*random_rows(5, 8, 0.3, 7), at::zeros({3, 9})), Error);
}

TEST(SparseLinear, DoesNotDependOnTheNumberOfThreads) {
  const auto rows = random_rows(900, 400, 0.1, 8);
  const int before = num_threads();
  at::Tensor results[2], gradients[2];
  for (int i = 0; i < 2; ++i) {
    set_num_threads(1 + i);
    const at::Tensor weight = leaf(random({16, 400}, 9));
    results[i] = sparse_linear(*rows, weight);
    results[i].backward(random({900, 16}, 10));
    gradients[i] = weight.grad();
  }
  set_num_threads(before);
  EXPECT_TRUE(at::equal(results[0], results[1]));
  EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
}

TEST(SparseFeatures, GiveTheScoresOfDenseFrames) {
  Model model(net_of(29, 0.5), 1);
  const auto rows = random_rows(31, 29, 0.15, 11);
  EXPECT_LT(distance(run(model, rows), forward(model, to_dense(*rows), 1, {})), 1e-5);
}

TEST(SparseFeatures, DropoutHitsEntriesAndKeepsTheirMean) {
  const auto rows = random_rows(400, 300, 0.1, 12, true);
  Model model(net_of(300, 0.25), 1);
  std::vector<at::Tensor> seen;
  ForwardOptions options{.training = true, .seed = 5, .graph = {}, .observer = {}};
  options.observer = [&](const net::Node& node, const at::Tensor& value) {
    if (node.name == "drop") seen.push_back(value);
  };
  const at::Tensor scores = run(model, rows, options);
  ASSERT_EQ(seen.size(), 1U);
  const at::Tensor source = to_dense(*rows), kept = seen[0] != 0;
  EXPECT_TRUE(at::equal(seen[0], source * kept / 0.75F));
  EXPECT_NEAR(kept.sum().item<double>() / source.sum().item<double>(), 0.75, 0.02);
  EXPECT_LT(distance(scores, at::linear(seen[0], model.parameter("linear", "weight").latent,
                                        model.parameter("linear", "bias").latent)),
            1e-4);
  EXPECT_TRUE(
      at::equal(scores, run(model, rows, {.training = true, .seed = 5, .graph = {}, .observer = {}})));
  EXPECT_FALSE(
      at::equal(scores, run(model, rows, {.training = true, .seed = 6, .graph = {}, .observer = {}})));
  EXPECT_LT(distance(run(model, rows), forward(model, source, 1, {})), 1e-5);
}

TEST(SparseFeatures, TwoDropoutsInARowBothHit) {
  net::Net net("twice");
  net.add("input", "input", {}, {{"shape", net::Shape{300}}, {"time", false}});
  net.add("first", "dropout", {"input"}, {{"p", 0.5}});
  net.add("second", "dropout", {"first"}, {{"p", 0.5}});
  Model model(std::move(net), 1);
  const auto rows = random_rows(400, 300, 0.1, 13, true);
  const at::Tensor dst = run(model, rows, {.training = true, .seed = 1, .graph = {}, .observer = {}});
  const double source = to_dense(*rows).sum().item<double>();
  EXPECT_NEAR((dst != 0).sum().item<double>() / source, 0.25, 0.02);
  EXPECT_EQ(dst.max().item<float>(), 4.0F);
}

TEST(SparseFeatures, MasksOfTheWeightHold) {
  Model model(net_of(29, 0), 1);
  Parameter& weight = model.parameter("linear", "weight");
  weight.mask = (random(weight.latent.sizes(), 14) > 0).to(at::kFloat);
  const auto rows = random_rows(31, 29, 0.3, 15);
  const at::Tensor dst = run(model, rows, {.training = true, .graph = {}, .observer = {}});
  EXPECT_LT(distance(dst, at::linear(to_dense(*rows), weight.latent * weight.mask,
                                     model.parameter("linear", "bias").latent)),
            1e-5);
  dst.sum().backward();
  EXPECT_EQ((weight.latent.grad() * (1 - weight.mask)).abs().max().item<float>(), 0.0F);
}

TEST(SparseFeatures, RefuseANetOfOtherFeatures) {
  Model model(net_of(28, 0), 1);
  EXPECT_THROW(run(model, random_rows(31, 29, 0.15, 16)), Error);
}

}  // namespace
}  // namespace tern::learn
