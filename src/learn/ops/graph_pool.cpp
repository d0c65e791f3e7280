// Features and edges carried over to the smaller graph of an assignment, and back.
#include "base/error.hpp"
#include "graph/transform.hpp"
#include "learn/autograd/segment_product.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

void check_rows(const OpCall& call, std::int64_t expected) {
  if (call.src[0].size(0) != expected)
    fail(ErrorKind::usage, "node '" + call.node.name + "'", "expected {} rows as the assignment has, got {}",
         expected, call.src[0].size(0));
}

/// Degrees below this count as none: a cluster that nobody belongs to.
constexpr double no_degree = 1e-10;

/// Without loops, then D^-1/2 A D^-1/2 with 0 for clusters without edges. The clamp is inside of the root,
/// where the gradient needs it.
at::Tensor without_diagonal(const at::Tensor& matrix) {
  const at::Tensor rest = matrix * (1 - at::eye(matrix.size(1)));
  const at::Tensor degree = rest.sum(2);
  const at::Tensor root =
      at::where(degree > no_degree, degree.clamp_min(no_degree).rsqrt(), at::zeros_like(degree));
  return rest * root.unsqueeze(1) * root.unsqueeze(2);
}

at::Tensor coarse_matrix(const OpCall& call, const GraphValue& graph, const at::Tensor& soft) {
  const auto normalisation = graph::normalisation_named(call.context().text("matrix"));
  const at::Tensor near = graph.is_dense() ? propagate_dense(graph.dense, normalisation, 1, soft)
                                           : learn::propagate(graph, normalisation, 1, soft);
  const at::Tensor matrix = segment_gram(soft, near, offsets_of(graph));
  return call.context().flag("zero_diagonal") ? without_diagonal(matrix) : matrix;
}

/// Rows of `kept` in each graph, summed up.
std::vector<std::int64_t> kept_offsets(const at::Tensor& kept, const std::vector<std::int64_t>& offsets) {
  std::vector<std::int64_t> out{0};
  const auto* row = kept.data_ptr<std::int64_t>();
  std::int64_t at = 0;
  for (std::size_t k = 1; k < offsets.size(); ++k) {
    while (at < kept.size(0) && row[at] < offsets[k]) ++at;
    out.push_back(at);
  }
  return out;
}

/// The subgraph of the rows that stay, and the factors of its edges.
GraphValue selected(const GraphValue& value, const at::Tensor& kept) {
  const graph::Graph& graph = value.sparse->graph();
  const auto* rows = kept.data_ptr<std::int64_t>();
  const std::vector<std::int32_t> nodes(rows, rows + kept.size(0));
  GraphValue out;
  out.sparse = std::make_shared<GraphStructure>(graph::induced_subgraph(graph, nodes),
                                                kept_offsets(kept, value.sparse->offsets()));
  if (!value.edge_factor.defined()) return out;
  std::vector<bool> stays(static_cast<std::size_t>(graph.num_nodes()), false);
  for (const std::int32_t node : nodes) stays[static_cast<std::size_t>(node)] = true;
  std::vector<std::int64_t> edges;  // in the order of the subgraph's, since rows ascend
  for (const std::int32_t node : nodes)
    for (std::int64_t e = graph.rowptr()[static_cast<std::size_t>(node)];
         e < graph.rowptr()[static_cast<std::size_t>(node) + 1]; ++e)
      if (stays[static_cast<std::size_t>(graph.col()[static_cast<std::size_t>(e)])]) edges.push_back(e);
  out.edge_factor = value.edge_factor.index_select(0, at::tensor(edges, at::kLong));
  return out;
}

/// The same of a dense batch: every graph keeps equally many rows.
GraphValue selected_dense(const at::Tensor& matrix, const at::Tensor& kept) {
  const std::int64_t graphs = matrix.size(0), clusters = matrix.size(1);
  const at::Tensor own =
      (kept.view({graphs, -1}) - at::arange(graphs).view({-1, 1}) * clusters);  // [graphs, kept]
  const std::int64_t count = own.size(1);
  const at::Tensor rows = matrix.gather(1, own.unsqueeze(2).expand({graphs, count, clusters}));
  GraphValue out;
  out.dense = rows.gather(2, own.unsqueeze(1).expand({graphs, count, count}));
  return out;
}

}  // namespace

Value graph_pool(OpCall& call) {
  const Assignment& a = *call.values[1].assignment;
  const at::Tensor& x = call.src[0];
  check_rows(call, a.source.num_rows());
  if (!a.soft.defined()) return {.tensor = x.index_select(0, a.kept) * a.gate.unsqueeze(1)};
  return {.tensor = segment_gram(a.soft, x, offsets_of(a.source)).view({-1, x.size(1)})};
}

Value graph_coarsen(OpCall& call) {
  const GraphValue& graph = *call.values[0].graph;
  const Assignment& a = *call.values[1].assignment;
  if (graph.num_rows() != a.source.num_rows())
    fail(ErrorKind::usage, "node '" + call.node.name + "'", "the assignment is of {} nodes, the graph has {}",
         a.source.num_rows(), graph.num_rows());
  auto coarse = std::make_shared<GraphValue>();
  if (a.soft.defined())
    coarse->dense = coarse_matrix(call, graph, a.soft);
  else
    *coarse = graph.is_dense() ? selected_dense(graph.dense, a.kept) : selected(graph, a.kept);
  return {.graph = std::move(coarse)};
}

Value graph_lift(OpCall& call) {
  const Assignment& a = *call.values[1].assignment;
  const at::Tensor& x = call.src[0];
  if (!a.soft.defined()) {
    check_rows(call, a.kept.size(0));
    return {.tensor = at::zeros({a.source.num_rows(), x.size(1)}).index_copy(0, a.kept, x)};
  }
  const std::int64_t clusters = a.soft.size(1);
  check_rows(call, a.source.num_graphs() * clusters);
  return {.tensor = segment_matmul(a.soft, x.view({-1, clusters, x.size(1)}), offsets_of(a.source))};
}

}  // namespace tern::learn::ops
