// Features and edges of a graph carried over to the smaller one that an assignment makes, and back.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_carried(const OpContext& context) {
  const TensorType& src = context.src[0];
  if (src.has_time || src.shape.size() != 1)
    context.refuse("expected one row of features a node, got {}", to_string(src));
  return src;
}

Work carry_work(const OpContext& context, const TensorType& dst) {
  const Shape& clusters = context.src[1].shape;
  return {.macs = (clusters.empty() ? 1 : clusters[0]) * dst.shape[0]};
}

TensorType infer_coarsen(const OpContext& context) {
  const Shape& clusters = context.src[1].shape;
  if (clusters.empty()) return context.src[0];
  return {.has_time = false, .shape = {clusters[0]}, .kind = Kind::graph};
}

Work coarsen_work(const OpContext& context, const TensorType&) {
  const Shape& clusters = context.src[1].shape;
  return {.macs = clusters.empty() ? 0 : (context.src[0].shape[0] + clusters[0]) * clusters[0]};
}

}  // namespace

const OpSpec graph_pool{
    .info = {"graph_pool", "features of clusters: S' x, or the selected rows times their gate", "Ying et al. 2018", {}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::assignment},
    .infer = infer_carried,
    .work = carry_work,
};

const OpSpec graph_coarsen{
    .info = {"graph_coarsen", "edges of clusters: S'AS, or the subgraph of the selected nodes", "Bianchi et al. 2020",
             {{"matrix", "string", "symmetric", "sum|symmetric", "A as it is, or D^-1/2 A D^-1/2"},
              {"zero_diagonal", "bool", "true", "", "drops the loops of clusters, then divides by the roots of both degrees"}}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::graph, Kind::assignment},
    .infer = infer_coarsen,
    .work = coarsen_work,
};

const OpSpec graph_lift{
    .info = {"graph_lift", "back from clusters to the nodes they were made of: S x, or zeros where a node was dropped",
             "Bianchi et al. 2020", {}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::assignment},
    .infer = infer_carried,
    .work = carry_work,
};

}  // namespace tern::net::ops
