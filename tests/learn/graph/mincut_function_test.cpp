// MinCutPool's losses against dense matrices in double precision, and their gradients against central
// differences there.
#include "learn/autograd/mincut_function.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "graph/transform.hpp"
#include "learn/graph/random_graphs.hpp"

namespace tern::learn {
namespace {

using graph::Normalisation;

at::Tensor matrix_of(const at::Tensor& a, Normalisation normalisation) {
  if (normalisation == Normalisation::sum) return a;
  const at::Tensor d = a.sum(1), root = at::where(d > 0, d.rsqrt(), at::zeros_like(d));
  return root.unsqueeze(1) * a * root.unsqueeze(0);
}

/// {cut, orthogonality} of one graph, from the formulas as printed; a cut without edges is 0.
std::pair<double, double> reference(const at::Tensor& matrix, const at::Tensor& soft) {
  const double kept = at::matmul(soft.t(), at::matmul(matrix, soft)).trace().item<double>();
  const double total = (matrix.sum(1) * soft.square().sum(1)).sum().item<double>();
  const at::Tensor gram = at::matmul(soft.t(), soft);
  const auto clusters = static_cast<double>(soft.size(1));
  const at::Tensor even = at::eye(soft.size(1), at::kDouble) / std::sqrt(clusters);
  const double orthogonality = (gram / gram.norm() - even).norm().item<double>();
  return {total > 0 ? -kept / total : 0, orthogonality};
}

at::Tensor soft_of(std::int64_t nodes, std::int64_t clusters, std::uint64_t seed) {
  return at::softmax(random({nodes, clusters}, seed), 1);
}

/// The gradient of 0.7 cut + 1.3 orthogonality.
at::Tensor gradient_of(const GraphValue& graph, Normalisation normalisation, const at::Tensor& soft) {
  const at::Tensor x = leaf(soft);
  const MincutLosses losses = mincut_losses(graph, normalisation, x);
  (0.7 * losses.cut + 1.3 * losses.orthogonality).backward();
  return x.grad();
}

TEST(MincutLosses, EqualTheFormulasAndTheirDifferences) {
  for (const auto& c : graph_cases())
    for (const Normalisation normalisation : {Normalisation::symmetric, Normalisation::sum})
      for (const std::int64_t clusters : {1, 2, 5, 30}) {
        const at::Tensor soft = soft_of(c.structure->num_nodes(), clusters, 11);
        const at::Tensor matrix = matrix_of(dense_of(*c.structure), normalisation);
        const MincutLosses losses = mincut_losses(value_of(c.structure), normalisation, soft);
        const auto [cut, orthogonality] = reference(matrix, soft.to(at::kDouble));
        EXPECT_NEAR(losses.cut.item<double>(), cut, 1e-5) << c.name;
        EXPECT_NEAR(losses.orthogonality.item<double>(), orthogonality, 1e-5) << c.name;

        const at::Tensor gradient = gradient_of(value_of(c.structure), normalisation, soft).contiguous();
        const at::Tensor x = soft.to(at::kDouble).contiguous();
        const auto loss = [&] {
          const auto [a, b] = reference(matrix, x);
          return 0.7 * a + 1.3 * b;
        };
        for (std::int64_t i = 0; i < x.numel(); i += std::max<std::int64_t>(1, x.numel() / 25)) {
          double& value = x.data_ptr<double>()[i];
          const double kept = value, step = 1e-6;
          value = kept + step;
          const double above = loss();
          value = kept - step;
          const double below = loss();
          value = kept;
          ASSERT_NEAR(gradient.data_ptr<float>()[i], (above - below) / (2 * step), 1e-4)
              << c.name << ", " << clusters << " clusters, at " << i;
        }
      }
}

/// Two cliques of `size` nodes without an edge between them.
std::shared_ptr<const GraphStructure> two_cliques(std::int32_t size) {
  graph::EdgeList edges{2 * size, {}, {}, {}};
  for (std::int32_t u = 0; u < size; ++u)
    for (std::int32_t v = 0; v < u; ++v)
      for (const std::int32_t first : {0, size}) {
        edges.source.push_back(first + u);
        edges.target.push_back(first + v);
      }
  return std::make_shared<GraphStructure>(build_graph(edges));
}

TEST(MincutLosses, OfThePerfectSplitAndOfBothCollapses) {
  const GraphValue graph = value_of(two_cliques(5));
  at::Tensor split = at::zeros({10, 2});
  split.slice(0, 0, 5).select(1, 0).fill_(1);
  split.slice(0, 5, 10).select(1, 1).fill_(1);
  const MincutLosses best = mincut_losses(graph, Normalisation::symmetric, split);
  EXPECT_NEAR(best.cut.item<double>(), -1, 1e-6);
  EXPECT_NEAR(best.orthogonality.item<double>(), 0, 1e-6);

  at::Tensor together = at::zeros({10, 2});
  together.select(1, 0).fill_(1);
  for (const at::Tensor& collapse : {together, at::full({10, 2}, 0.5)}) {
    const MincutLosses losses = mincut_losses(graph, Normalisation::symmetric, collapse);
    EXPECT_NEAR(losses.cut.item<double>(), -1, 1e-6);
    EXPECT_NEAR(losses.orthogonality.item<double>(), std::sqrt(2 - 2 / std::sqrt(2.0)), 1e-6);
  }
  at::Tensor across = at::zeros({10, 2});  // both cliques halved: 3 + 1 of the 10 edges of each stay inside
  for (std::int64_t node = 0; node < 10; ++node) across[node][node % 2] = 1;
  EXPECT_NEAR(mincut_losses(graph, Normalisation::symmetric, across).cut.item<double>(), -0.4, 1e-6);
}

TEST(MincutLosses, StayInTheirRanges) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto structure = random_structure(15, 30, seed, true, true, graph::SelfLoops::remove, true);
    const at::Tensor soft = at::softmax(random({15, 4}, seed) * 5, 1);
    const MincutLosses losses = mincut_losses(value_of(structure), Normalisation::symmetric, soft);
    EXPECT_LE(losses.cut.item<double>(), 0);
    EXPECT_GE(losses.cut.item<double>(), -1 - 1e-6);
    EXPECT_GE(losses.orthogonality.item<double>(), 0);
    EXPECT_LE(losses.orthogonality.item<double>(), std::sqrt(2 - 2 / std::sqrt(4.0)) + 1e-6);
  }
}

TEST(MincutLosses, OfABatchAreMeansOverItsGraphs) {
  std::vector<graph::Graph> graphs;
  for (const auto& c : graph_cases()) graphs.push_back(c.structure->graph());
  graphs.emplace_back();  // a graph without nodes
  const graph::Batched joined = graph::block_diagonal(graphs);
  const GraphValue batch = value_of(std::make_shared<GraphStructure>(joined.graph, joined.offsets));
  const at::Tensor soft = soft_of(joined.graph.num_nodes(), 4, 3);
  const at::Tensor gradient = gradient_of(batch, Normalisation::symmetric, soft);
  const MincutLosses losses = mincut_losses(batch, Normalisation::symmetric, soft);
  double cut = 0, orthogonality = 0;
  const auto count = static_cast<double>(graphs.size());
  for (std::size_t k = 0; k + 1 < graphs.size(); ++k) {
    const at::Tensor own = soft.slice(0, joined.offsets[k], joined.offsets[k + 1]);
    const GraphValue one = value_of(std::make_shared<GraphStructure>(graphs[k]));
    const MincutLosses single = mincut_losses(one, Normalisation::symmetric, own);
    cut += single.cut.item<double>() / count;
    orthogonality += single.orthogonality.item<double>() / count;
    EXPECT_LT(distance(gradient_of(one, Normalisation::symmetric, own) / count,
                       gradient.slice(0, joined.offsets[k], joined.offsets[k + 1])),
              1e-6)
        << k;
  }
  EXPECT_NEAR(losses.cut.item<double>(), cut, 1e-5);
  EXPECT_NEAR(losses.orthogonality.item<double>(), orthogonality, 1e-5);
}

TEST(MincutLosses, DoNotChangeWithTheNamesOfNodes) {
  const auto structure = random_structure(20, 60, 5, true, true, graph::SelfLoops::remove, false);
  std::vector<std::int32_t> new_id;
  Rng rng(4);
  for (const std::int64_t i : permutation(20, rng)) new_id.push_back(static_cast<std::int32_t>(i));
  const GraphValue renamed =
      value_of(std::make_shared<GraphStructure>(graph::relabel(structure->graph(), new_id)));
  const at::Tensor soft = soft_of(20, 3, 6),
                   index = at::tensor(std::vector<std::int64_t>(new_id.begin(), new_id.end()));
  const at::Tensor moved = at::zeros_like(soft).index_copy(0, index, soft);
  const at::Tensor gradient = gradient_of(value_of(structure), Normalisation::symmetric, soft);
  EXPECT_LT(distance(gradient_of(renamed, Normalisation::symmetric, moved).index_select(0, index), gradient),
            1e-6);
  EXPECT_NEAR(mincut_losses(renamed, Normalisation::symmetric, moved).cut.item<double>(),
              mincut_losses(value_of(structure), Normalisation::symmetric, soft).cut.item<double>(), 1e-6);
}

TEST(MincutLosses, OfDenseGraphsAndEdgeFactorsEqualTheClosedForm) {
  for (const auto& c : graph_cases()) {
    const at::Tensor soft = soft_of(c.structure->num_nodes(), 3, 8);
    const at::Tensor expected = gradient_of(value_of(c.structure), Normalisation::symmetric, soft);
    GraphValue dense;
    dense.dense = dense_of(*c.structure).to(at::kFloat).unsqueeze(0);
    const GraphValue factors = value_of(c.structure, at::ones({c.structure->graph().num_edges()}));
    for (const GraphValue& graph : {dense, factors}) {
      EXPECT_LT(distance(gradient_of(graph, Normalisation::symmetric, soft), expected), 1e-5) << c.name;
      EXPECT_NEAR(mincut_losses(graph, Normalisation::symmetric, soft).cut.item<double>(),
                  mincut_losses(value_of(c.structure), Normalisation::symmetric, soft).cut.item<double>(),
                  1e-5)
          << c.name;
    }
  }
}

TEST(MincutLosses, OfADenseGraphReachItsMatrix) {
  const at::Tensor matrix = leaf(random({2, 4, 4}, 9).square()), soft = soft_of(8, 3, 10);
  GraphValue graph;
  graph.dense = matrix;
  expect_gradient(
      matrix, [&] { return mincut_losses(graph, Normalisation::sum, soft).cut; }, "matrix");
}

TEST(MincutLosses, StayFiniteAtHardClusters) {
  for (const auto& c : graph_cases()) {
    const at::Tensor logits = leaf(random({c.structure->num_nodes(), 4}, 12) * 200);
    const MincutLosses losses =
        mincut_losses(value_of(c.structure), Normalisation::symmetric, at::softmax(logits, 1));
    (losses.cut + losses.orthogonality).backward();
    EXPECT_TRUE(losses.cut.isfinite().item<bool>() && losses.orthogonality.isfinite().item<bool>()) << c.name;
    EXPECT_TRUE(logits.grad().isfinite().all().item<bool>()) << c.name;
  }
}

}  // namespace
}  // namespace tern::learn
