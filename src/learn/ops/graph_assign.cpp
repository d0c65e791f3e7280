// Which nodes become which nodes of a smaller graph: soft clusters with losses of their own, and selections.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"
#include "learn/autograd/mincut_function.hpp"
#include "learn/autograd/segment_product.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

const GraphValue& graph_of(const OpCall& call) {
  const GraphValue& graph = *call.values[1].graph;
  if (call.src[0].size(0) != graph.num_rows())
    fail(ErrorKind::usage, "node '" + call.node.name + "'", "expected one row a node ({}), got {}",
         graph.num_rows(), call.src[0].size(0));
  return graph;
}

void add_loss(const OpCall& call, const char* name, const at::Tensor& value) {
  call.options.auxiliary->push_back(
      {call.node.name + "." + name, value * call.context().real("loss_weight")});
}

Value soft_clusters(const OpCall& call, const GraphValue& graph) {
  auto assignment = std::make_shared<Assignment>();
  assignment->source = graph;
  assignment->soft = at::softmax(call.src[0], 1);
  return {.assignment = std::move(assignment)};
}

/// Sum of the squared entries of each graph's matrix; edges that are there twice add up first.
at::Tensor square_norms(const GraphValue& value) {
  if (value.is_dense()) return value.dense.square().sum({1, 2});
  const graph::Graph& graph = value.sparse->graph();
  const auto& offsets = value.sparse->offsets();
  at::Tensor norms = at::zeros({value.num_graphs()});
  for (std::size_t k = 0; k + 1 < offsets.size(); ++k) {
    double norm = 0, entry = 0;
    for (auto row = static_cast<std::size_t>(offsets[k]); row < static_cast<std::size_t>(offsets[k + 1]);
         ++row)
      for (std::int64_t e = graph.rowptr()[row]; e < graph.rowptr()[row + 1]; ++e) {
        const auto at = static_cast<std::size_t>(e);
        const bool goes_on = e > graph.rowptr()[row] && graph.col()[at] == graph.col()[at - 1];
        norm += goes_on ? 0 : entry * entry;
        entry = (goes_on ? entry : 0) + graph.weight_of(e);
      }
    norms.data_ptr<float>()[k] = static_cast<float>(norm + entry * entry);
  }
  return norms;
}

/// |A - SS'| of each graph from |A|^2 - 2 <S, AS> + |S'S|^2, then the mean.
at::Tensor link_loss(const GraphValue& graph, const at::Tensor& soft) {
  const Offsets offsets = offsets_of(graph);
  const at::Tensor near = graph.is_dense() ? propagate_dense(graph.dense, graph::Normalisation::sum, 1, soft)
                                           : learn::propagate(graph, graph::Normalisation::sum, 1, soft);
  const at::Tensor shared = segment_sum((soft * near).sum(1), offsets);
  const at::Tensor gram = segment_gram(soft, soft, offsets);
  return (square_norms(graph) - 2 * shared + gram.square().sum({1, 2})).clamp_min(1e-12).sqrt().mean();
}

/// The ceil(ratio n) rows of each graph with the largest scores, at least one; of equal scores the earlier
/// rows.
at::Tensor best_rows(const at::Tensor& score, const std::vector<std::int64_t>& offsets, double ratio) {
  const auto values = score.detach().contiguous();
  const float* data = values.data_ptr<float>();
  const auto key = [data](std::int64_t row) {
    return std::isnan(data[row]) ? -std::numeric_limits<float>::infinity() : data[row];
  };
  std::vector<std::int64_t> kept, rows;
  for (std::size_t k = 0; k + 1 < offsets.size(); ++k) {
    rows.resize(static_cast<std::size_t>(offsets[k + 1] - offsets[k]));
    if (rows.empty()) continue;
    std::iota(rows.begin(), rows.end(), offsets[k]);
    const auto wanted =
        static_cast<std::ptrdiff_t>(std::ceil(ratio * static_cast<double>(rows.size()) - 1e-9));
    const auto end = rows.begin() + std::max<std::ptrdiff_t>(1, wanted);
    std::partial_sort(rows.begin(), end, rows.end(), [&](std::int64_t a, std::int64_t b) {
      return key(a) != key(b) ? key(a) > key(b) : a < b;
    });
    std::sort(rows.begin(), end);
    kept.insert(kept.end(), rows.begin(), end);
  }
  return at::tensor(kept, at::kLong);
}

Value selection(const OpCall& call, const GraphValue& graph, const at::Tensor& score) {
  auto assignment = std::make_shared<Assignment>();
  assignment->source = graph;
  assignment->kept = best_rows(score, *offsets_of(graph), call.context().real("ratio"));
  assignment->gate = at::tanh(score.index_select(0, assignment->kept));
  return {.assignment = std::move(assignment)};
}

}  // namespace

Value mincut(OpCall& call) {
  const GraphValue& graph = graph_of(call);
  const Value clusters = soft_clusters(call, graph);
  if (call.options.auxiliary == nullptr) return clusters;
  const MincutLosses losses = mincut_losses(graph, graph::normalisation_named(call.context().text("matrix")),
                                            clusters.assignment->soft);
  add_loss(call, "cut", losses.cut);
  add_loss(call, "orthogonality", losses.orthogonality);
  return clusters;
}

Value diffpool(OpCall& call) {
  const GraphValue& graph = graph_of(call);
  if (graph.edge_factor.defined())
    fail(ErrorKind::unsupported, "node '" + call.node.name + "'",
         "its loss knows no edges with learned factors");
  const Value clusters = soft_clusters(call, graph);
  if (call.options.auxiliary == nullptr) return clusters;
  const at::Tensor& soft = clusters.assignment->soft;
  add_loss(call, "link", link_loss(graph, soft));
  const at::Tensor entropy = -(soft * at::log_softmax(call.src[0], 1)).sum();
  add_loss(call, "entropy", entropy / static_cast<double>(std::max<std::int64_t>(1, soft.size(0))));
  return clusters;
}

/// y = x p / |p|.
Value topk(OpCall& call) {
  const GraphValue& graph = graph_of(call);
  const at::Tensor p = call.model.parameter(call.node.name, "projection").effective().view({-1});
  return selection(call, graph, at::mv(call.src[0], p) / p.square().sum().clamp_min(1e-12).sqrt());
}

Value sagpool(OpCall& call) {
  return selection(call, graph_of(call), call.src[0].view({-1}));
}

}  // namespace tern::learn::ops
