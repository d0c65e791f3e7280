// Products with a graph's matrix against the dense matrix as the papers write it.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "graph/transform.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/graph/random_graphs.hpp"

namespace tern::learn {
namespace {

using graph::Normalisation;

constexpr Normalisation all[] = {
    Normalisation::sum, Normalisation::symmetric, Normalisation::gcn,      Normalisation::gcn_identity,
    Normalisation::row, Normalisation::row_self,  Normalisation::diagonal, Normalisation::lgcn};
constexpr double lambda = 0.75;

/// M of the degrees of `a`, with the entries of `kept` in the place of those of `a`.
at::Tensor matrix_of(Normalisation normalisation, const at::Tensor& a, const at::Tensor& kept) {
  const at::Tensor d = a.sum(1), one = at::eye(a.size(0), at::kDouble);
  const auto inverse = [](const at::Tensor& x) { return at::where(x > 0, 1 / x, at::zeros_like(x)); };
  const auto scaled = [](const at::Tensor& rows, const at::Tensor& m, const at::Tensor& columns) {
    return rows.unsqueeze(1) * m * columns.unsqueeze(0);
  };
  const at::Tensor gcn = scaled((d + 1).rsqrt(), kept + one, (d + 1).rsqrt());
  const at::Tensor mean = scaled(1 / (d + 1), kept + one, at::ones_like(d));
  switch (normalisation) {
    case Normalisation::sum:
      return kept;
    case Normalisation::symmetric:
      return scaled(inverse(d).sqrt(), kept, inverse(d).sqrt());
    case Normalisation::gcn:
      return gcn;
    case Normalisation::gcn_identity:
      return gcn + one;
    case Normalisation::row:
      return scaled(1 / d.clamp_min(1.0), kept, at::ones_like(d));
    case Normalisation::row_self:
      return mean;
    case Normalisation::diagonal:
      return mean + lambda * (scaled(1 / (d + 1), a + one, at::ones_like(d)) * one);
    case Normalisation::lgcn:
      return scaled(1 / (a.sum(0) + 1), kept + one, at::ones_like(d)) + one;
  }
  return {};
}

std::string name(const GraphCase& c, Normalisation normalisation) {
  return c.name + ", " + std::string(graph::name_of(normalisation));
}

TEST(Propagate, EqualsTheDenseMatrix) {
  for (const auto& c : graph_cases())
    for (const Normalisation normalisation : all)
      for (const std::int64_t features : {1, 5, 16, 33}) {
        const at::Tensor x = random({c.structure->num_nodes(), features}, 1), a = dense_of(*c.structure);
        const at::Tensor expected = at::matmul(matrix_of(normalisation, a, a), x.to(at::kDouble));
        EXPECT_LT(distance(propagate(value_of(c.structure), normalisation, lambda, x), expected), 1e-4)
            << name(c, normalisation);
      }
}

TEST(Propagate, GradientIsTheTransposedMatrix) {
  for (const auto& c : graph_cases())
    for (const Normalisation normalisation : all) {
      const at::Tensor x = leaf(random({c.structure->num_nodes(), 6}, 2)), grad = random(x.sizes(), 3);
      propagate(value_of(c.structure), normalisation, lambda, x).backward(grad);
      const at::Tensor a = dense_of(*c.structure);
      const at::Tensor expected = at::matmul(matrix_of(normalisation, a, a).t(), grad.to(at::kDouble));
      EXPECT_LT(distance(x.grad(), expected), 1e-4) << name(c, normalisation);
    }
}

TEST(Propagate, FactorsOfEdgesLeaveTheDegrees) {
  for (const auto& c : graph_cases())
    for (const Normalisation normalisation : all) {
      const at::Tensor x = leaf(random({c.structure->num_nodes(), 6}, 4)), grad = random(x.sizes(), 5);
      const at::Tensor factor = random({c.structure->graph().num_edges()}, 6);
      const at::Tensor dst = propagate(value_of(c.structure, factor), normalisation, lambda, x);
      dst.backward(grad);
      const at::Tensor m = matrix_of(normalisation, dense_of(*c.structure), dense_of(*c.structure, factor));
      EXPECT_LT(distance(dst, at::matmul(m, x.detach().to(at::kDouble))), 1e-4) << name(c, normalisation);
      EXPECT_LT(distance(x.grad(), at::matmul(m.t(), grad.to(at::kDouble))), 1e-4) << name(c, normalisation);
    }
}

TEST(Propagate, GradientOfFactorsIsThatOfFiniteDifferences) {
  for (const auto& c : graph_cases())
    for (const Normalisation normalisation : all) {
      const std::int64_t edges = c.structure->graph().num_edges();
      if (edges == 0) continue;
      const at::Tensor x = leaf(random({c.structure->num_nodes(), 4}, 7)), factor = leaf(random({edges}, 8));
      expect_gradient(
          factor, [&] { return propagate(value_of(c.structure, factor), normalisation, lambda, x); },
          name(c, normalisation));
    }
}

TEST(Propagate, FactorsAloneMayNeedGradients) {
  const auto structure = graph_cases()[2].structure;
  const at::Tensor x = random({structure->num_nodes(), 4}, 7),
                   factor = leaf(random({structure->graph().num_edges()}, 8));
  expect_gradient(
      factor, [&] { return propagate(value_of(structure, factor), Normalisation::gcn, 1, x); }, "factor");
}

TEST(Propagate, FactorsOfOneChangeNothingAndZerosRemoveEdges) {
  for (const auto& c : graph_cases()) {
    const at::Tensor x = random({c.structure->num_nodes(), 9}, 9);
    const std::int64_t edges = c.structure->graph().num_edges();
    const at::Tensor plain = propagate(value_of(c.structure), Normalisation::gcn, 1, x);
    EXPECT_TRUE(
        at::equal(propagate(value_of(c.structure, at::ones({edges})), Normalisation::gcn, 1, x), plain))
        << c.name;
    const at::Tensor none = propagate(value_of(c.structure, at::zeros({edges})), Normalisation::gcn, 1, x);
    const at::Tensor degrees = dense_of(*c.structure).sum(1, true);
    EXPECT_LT(distance(none, x.to(at::kDouble) / (degrees + 1)), 1e-5) << c.name;
  }
}

TEST(Propagate, ReadsColumnsOfALargerTensor) {
  const auto structure = graph_cases()[0].structure;
  const at::Tensor wide = random({structure->num_nodes(), 12}, 10), x = wide.slice(1, 3, 8);
  EXPECT_TRUE(at::equal(propagate(value_of(structure), Normalisation::gcn, 1, x),
                        propagate(value_of(structure), Normalisation::gcn, 1, x.contiguous())));
}

TEST(Propagate, DoesNotDependOnTheNumberOfThreads) {
  const auto structure = random_structure(3000, 20000, 11, true, true, graph::SelfLoops::remove, true);
  const int before = num_threads();
  at::Tensor results[2], gradients[2], factor_gradients[2];
  for (int i = 0; i < 2; ++i) {
    set_num_threads(1 + i);
    const at::Tensor x = leaf(random({3000, 24}, 12)),
                     factor = leaf(random({structure->graph().num_edges()}, 13));
    results[i] = propagate(value_of(structure, factor), Normalisation::diagonal, lambda, x);
    results[i].backward(random({3000, 24}, 14));
    gradients[i] = x.grad();
    factor_gradients[i] = factor.grad();
  }
  set_num_threads(before);
  EXPECT_TRUE(at::equal(results[0], results[1]));
  EXPECT_TRUE(at::equal(gradients[0], gradients[1]));
  EXPECT_TRUE(at::equal(factor_gradients[0], factor_gradients[1]));
}

TEST(Propagate, RelabelledNodesAreTheSameRowsElsewhere) {
  for (const auto& c : graph_cases()) {
    Rng rng(15);
    std::vector<std::int32_t> new_id;
    for (const std::int64_t id : permutation(c.structure->num_nodes(), rng))
      new_id.push_back(static_cast<std::int32_t>(id));
    const auto renamed = std::make_shared<GraphStructure>(graph::relabel(c.structure->graph(), new_id));
    at::Tensor place = at::empty({c.structure->num_nodes()}, at::kLong);
    for (std::size_t i = 0; i < new_id.size(); ++i) place[static_cast<std::int64_t>(i)] = new_id[i];
    const at::Tensor x = random({c.structure->num_nodes(), 5}, 16);
    at::Tensor moved = at::empty_like(x);
    moved.index_copy_(0, place, x);
    for (const Normalisation normalisation : all)
      EXPECT_LT(distance(propagate(value_of(renamed), normalisation, lambda, moved).index_select(0, place),
                         propagate(value_of(c.structure), normalisation, lambda, x)),
                1e-5)
          << name(c, normalisation);
  }
}

TEST(Propagate, BehindSoftClusteringIsTheSameMatrix) {
  for (const auto& c : graph_cases())
    for (const Normalisation normalisation : all) {
      const at::Tensor dense = dense_of(*c.structure).to(at::kFloat).unsqueeze(0);
      const at::Tensor x = random({c.structure->num_nodes(), 5}, 17);
      EXPECT_LT(distance(propagate_dense(dense, normalisation, lambda, x),
                         propagate(value_of(c.structure), normalisation, lambda, x)),
                1e-5)
          << name(c, normalisation);
    }
}

TEST(Propagate, BehindSoftClusteringGraphsStandApartAndHaveGradients) {
  const at::Tensor adjacency = leaf(at::rand({3, 4, 4}, make_generator(18)) + 0.1),
                   x = leaf(random({12, 2}, 19));
  for (const Normalisation normalisation : all) {
    const at::Tensor together = propagate_dense(adjacency, normalisation, lambda, x);
    for (std::int64_t k = 0; k < 3; ++k)
      EXPECT_LT(distance(together.slice(0, 4 * k, 4 * k + 4),
                         propagate_dense(adjacency.slice(0, k, k + 1), normalisation, lambda,
                                         x.slice(0, 4 * k, 4 * k + 4))),
                1e-6);
    const auto run = [&] { return propagate_dense(adjacency, normalisation, lambda, x); };
    expect_gradient(x, run, std::string(graph::name_of(normalisation)) + ", x");
    // row divides by max(1, degree): differences stay on one side of the bend.
    expect_gradient(adjacency, run, std::string(graph::name_of(normalisation)) + ", adjacency", 1e-3, 1e-2);
  }
}

TEST(Propagate, BehindSoftClusteringIsolatedClustersAreFinite) {
  const at::Tensor adjacency = leaf(at::zeros({1, 3, 3})), x = leaf(random({3, 2}, 20));
  const at::Tensor dst = propagate_dense(adjacency, Normalisation::symmetric, 1, x);
  EXPECT_EQ(dst.abs().max().item<float>(), 0.0F);
  dst.sum().backward();
  EXPECT_TRUE(adjacency.grad().isfinite().all().item<bool>());
  EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
}

TEST(Propagate, RefusesOtherRowsAndFactors) {
  const auto structure = graph_cases()[0].structure;
  EXPECT_THROW(propagate(value_of(structure), Normalisation::sum, 1, at::zeros({22, 4})), Error);
  EXPECT_THROW(propagate(value_of(structure), Normalisation::sum, 1, at::zeros({23})), Error);
  EXPECT_THROW(propagate(value_of(structure, at::ones({3})), Normalisation::sum, 1, at::zeros({23, 4})),
               Error);
  EXPECT_THROW(propagate_dense(at::zeros({2, 3, 3}), Normalisation::sum, 1, at::zeros({5, 4})), Error);
}

TEST(GraphStructure, RefusesOffsetsThatAreNot) {
  const graph::Graph graph = graph_cases()[0].structure->graph();
  EXPECT_THROW(GraphStructure(graph, {0, 5}), Error);
  EXPECT_THROW(GraphStructure(graph, {1, 23}), Error);
  EXPECT_THROW(GraphStructure(graph, {0, 9, 4, 23}), Error);
  EXPECT_EQ(GraphStructure(graph, {0, 9, 9, 23}).num_graphs(), 3);
  EXPECT_EQ(GraphStructure(graph).num_graphs(), 1);
}

TEST(GraphStructure, SelfLoopsRememberWhereEdgesWent) {
  for (const auto& c : graph_cases()) {
    const auto& [looped, edge] = c.structure->with_self_loops();
    const graph::Graph &before = c.structure->graph(), &after = looped->graph();
    ASSERT_EQ(static_cast<std::int64_t>(edge.size()), before.num_edges()) << c.name;
    for (std::size_t e = 0; e < edge.size(); ++e) {
      EXPECT_EQ(after.col()[static_cast<std::size_t>(edge[e])], before.col()[e]) << c.name;
      EXPECT_EQ(after.weight_of(edge[e]), before.weight_of(static_cast<std::int64_t>(e))) << c.name;
      if (e > 0) {
        EXPECT_LT(edge[e - 1], edge[e]) << c.name;
      }
    }
    const at::Tensor diagonal = dense_of(*looped).diagonal();
    EXPECT_TRUE((diagonal > 0).all().item<bool>()) << c.name;
  }
}

}  // namespace
}  // namespace tern::learn
