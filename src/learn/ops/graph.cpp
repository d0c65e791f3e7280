// Where graphs enter, products with their matrix, and the way from nodes to graphs.
#include <algorithm>

#include "base/error.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {

Value graph(OpCall& call) {
  if (!call.options.graph)
    fail(ErrorKind::usage, "node '" + call.node.name + "'",
         "the network works on graphs, and none was given");
  const GraphValue& given = call.options.graph->graph;
  const std::int64_t edges = call.context().integer("edges");
  if (edges == 0) return {.graph = std::shared_ptr<const GraphValue>(call.options.graph, &given)};
  if (given.is_dense() || given.sparse->graph().num_edges() != edges)
    fail(ErrorKind::usage, "node '" + call.node.name + "'",
         "the network has factors for the {} edges of its own graph, got {}", edges,
         given.is_dense() ? std::string("a dense graph")
                          : fmt::format("{} edges", given.sparse->graph().num_edges()));
  auto value = std::make_shared<GraphValue>(given);
  value->edge_factor = call.model.parameter(call.node.name, "factor").effective();
  return {.graph = value};
}

Value propagate(OpCall& call) {
  const net::OpContext context = call.context();
  const GraphValue& graph = *call.values[1].graph;
  const auto normalisation = graph::normalisation_named(context.text("normalisation"));
  const double lambda = context.real("lambda"), eps = context.real("eps");
  const at::Tensor& x = call.src[0];
  at::Tensor dst = graph.is_dense() ? propagate_dense(graph.dense, normalisation, lambda, x)
                                    : learn::propagate(graph, normalisation, lambda, x);
  if (context.flag("train_eps"))
    dst = dst + x * (call.model.parameter(call.node.name, "eps").effective() + eps);
  else if (eps != 0)
    dst = dst + x * eps;
  if (context.flag("bias")) dst = dst + call.model.parameter(call.node.name, "bias").effective();
  return {.tensor = dst};
}

namespace {

/// Of each row: the graph that it belongs to.
at::Tensor graph_of_rows(const GraphStructure& structure) {
  at::Tensor rows = at::empty({structure.num_nodes()}, at::kLong);
  const auto& offsets = structure.offsets();
  for (std::size_t k = 0; k + 1 < offsets.size(); ++k)
    std::fill(rows.data_ptr<std::int64_t>() + offsets[k], rows.data_ptr<std::int64_t>() + offsets[k + 1],
              static_cast<std::int64_t>(k));
  return rows;
}

/// The row of the largest value of each feature of each graph, the first of equal ones; 0 where a graph has
/// no nodes.
at::Tensor largest_rows(const GraphStructure& structure, const at::Tensor& x) {
  const at::Tensor values = x.detach().contiguous();
  const float* value = values.data_ptr<float>();
  const std::int64_t features = x.size(1);
  at::Tensor largest = at::zeros({structure.num_graphs(), features}, at::kLong);
  for (std::int64_t k = 0; k < structure.num_graphs(); ++k) {
    const std::int64_t begin = structure.offsets()[static_cast<std::size_t>(k)];
    const std::int64_t end = structure.offsets()[static_cast<std::size_t>(k) + 1];
    if (begin == end) continue;
    std::int64_t* best = largest.data_ptr<std::int64_t>() + k * features;
    std::fill(best, best + features, begin);
    for (std::int64_t row = begin + 1; row < end; ++row)
      for (std::int64_t j = 0; j < features; ++j)
        if (value[row * features + j] > value[best[j] * features + j]) best[j] = row;
  }
  return largest;
}

}  // namespace

/// A graph without nodes gives zeros.
Value graph_readout(OpCall& call) {
  const GraphValue& graph = *call.values[1].graph;
  const std::string reduce = call.context().text("reduce");
  const at::Tensor& x = call.src[0];
  if (x.size(0) != graph.num_rows())
    fail(ErrorKind::usage, "node '" + call.node.name + "'", "expected one row a node ({}), got {}",
         graph.num_rows(), x.size(0));
  if (graph.is_dense()) {
    const at::Tensor rows = x.view({graph.dense.size(0), graph.dense.size(1), x.size(1)});
    return {.tensor = reduce == "max" ? rows.amax(1) : reduce == "sum" ? rows.sum(1) : rows.mean(1)};
  }
  const at::Tensor index = graph_of_rows(*graph.sparse);
  const at::Tensor counts = at::bincount(index, {}, graph.num_graphs()).unsqueeze(1);
  if (reduce == "max" && x.size(0) > 0)
    return {.tensor = x.gather(0, largest_rows(*graph.sparse, x)).masked_fill(counts == 0, 0.0)};
  const at::Tensor sums = at::zeros({graph.num_graphs(), x.size(1)}).index_add(0, index, x);
  return {.tensor = reduce == "mean" ? sums / counts.clamp_min(1).to(at::kFloat) : sums};
}

}  // namespace tern::learn::ops
