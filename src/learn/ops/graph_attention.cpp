// Attention over neighbours, in work and memory of edges.
#include "base/error.hpp"
#include "base/seed.hpp"
#include "learn/autograd/attention_function.hpp"
#include "learn/ops/keep_mask.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

/// Factors of the edges as factors of the graph with self loops, whose own is 1.
at::Tensor looped_factors(const GraphStructure::Looped& looped, const at::Tensor& factor) {
  auto* places = const_cast<std::int64_t*>(looped.edge.data());
  const at::Tensor place = at::from_blob(places, {static_cast<std::int64_t>(looped.edge.size())}, at::kLong);
  return at::ones({looped.structure->graph().num_edges()}).scatter(0, place.clone(), factor);
}

at::Tensor dropped(const OpCall& call, const at::Tensor& coefficient) {
  const double p = call.context().real("dropout");
  if (!call.options.training || call.options.frozen_norms || p == 0.0) return coefficient;
  return coefficient * keep_factors(coefficient.sizes(), p, derive_seed(call.options.seed, call.node.name));
}

}  // namespace

/// A self loop that the graph has is the node's own edge; where it has none, one is added. Weights of edges
/// are not read; factors multiply the coefficients behind the softmax.
Value graph_attention(OpCall& call) {
  const net::OpContext context = call.context();
  const GraphValue& graph = *call.values[1].graph;
  const std::string place = "node '" + call.node.name + "'";
  if (graph.is_dense())
    fail(ErrorKind::unsupported, place, "attention has no meaning on the dense graph behind soft clustering");
  const at::Tensor& x = call.src[0];
  if (x.size(0) != graph.num_rows())
    fail(ErrorKind::usage, place, "expected one row a node ({}), got {}", graph.num_rows(), x.size(0));

  const std::int64_t heads = context.integer("heads"), features = x.size(1) / heads;
  const GraphStructure::Looped& looped = graph.sparse->with_self_loops();
  const at::Tensor rows = x.view({x.size(0), heads, features}).transpose(0, 1).contiguous();
  const auto scores = [&](const char* name) {
    const at::Tensor projection = call.model.parameter(call.node.name, name).effective();
    return at::bmm(rows, projection.unsqueeze(2)).squeeze(2);
  };
  at::Tensor coefficient =
      edge_softmax(looped.structure, scores("target"), scores("source"), context.real("negative_slope"));
  if (graph.edge_factor.defined()) coefficient = coefficient * looped_factors(looped, graph.edge_factor);
  const at::Tensor sums = weighted_sums(looped.structure, dropped(call, coefficient), rows);
  at::Tensor dst =
      context.flag("mean_heads") ? sums.mean(0) : sums.transpose(0, 1).reshape({x.size(0), x.size(1)});
  if (context.flag("bias")) dst = dst + call.model.parameter(call.node.name, "bias").effective();
  return {.tensor = dst};
}

}  // namespace tern::learn::ops
