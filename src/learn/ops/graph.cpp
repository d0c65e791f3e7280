// Where graphs enter, products with their matrix, and the way from nodes to graphs.
#include "base/error.hpp"
#include "learn/autograd/spmm_function.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {

Value graph(OpCall& call) {
  if (!call.options.graph)
    fail(ErrorKind::usage, "node '" + call.node.name + "'", "the network works on graphs, and none was given");
  return {.graph = std::shared_ptr<const GraphValue>(call.options.graph, &call.options.graph->graph)};
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
  for (std::int64_t k = 0; k < structure.num_graphs(); ++k)
    rows.slice(0, structure.offsets()[static_cast<std::size_t>(k)], structure.offsets()[static_cast<std::size_t>(k) + 1])
        .fill_(k);
  return rows;
}

}  // namespace

/// A graph without nodes gives zeros.
Value graph_readout(OpCall& call) {
  const GraphValue& graph = *call.values[1].graph;
  const std::string reduce = call.context().text("reduce");
  const at::Tensor& x = call.src[0];
  if (x.size(0) != graph.num_rows())
    fail(ErrorKind::usage, "node '" + call.node.name + "'", "expected one row a node ({}), got {}", graph.num_rows(), x.size(0));
  if (graph.is_dense()) {
    const at::Tensor rows = x.view({graph.dense.size(0), graph.dense.size(1), x.size(1)});
    return {.tensor = reduce == "max" ? rows.amax(1) : reduce == "sum" ? rows.sum(1) : rows.mean(1)};
  }
  const at::Tensor index = graph_of_rows(*graph.sparse);
  const at::Tensor zeros = at::zeros({graph.num_graphs(), x.size(1)});
  if (reduce == "max")
    return {.tensor = zeros.scatter_reduce(0, index.unsqueeze(1).expand_as(x), x, "amax", false)};
  const at::Tensor sums = zeros.index_add(0, index, x);
  if (reduce == "sum") return {.tensor = sums};
  const at::Tensor counts = at::bincount(index, {}, graph.num_graphs()).clamp_min(1).to(at::kFloat);
  return {.tensor = sums / counts.unsqueeze(1)};
}

}  // namespace tern::learn::ops
