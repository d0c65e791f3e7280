// Graphs in a Net: where they enter, products with their matrix, and the way from nodes to graphs.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

TensorType infer_graph(const OpContext& context) {
  return {.has_time = false, .shape = {context.integer("mean_degree")}, .kind = Kind::graph};
}

std::vector<ParameterSpec> graph_parameters(const OpContext& context) {
  if (context.integer("edges") == 0) return {};
  return {{"factor", {context.integer("edges")}, context.flag("train_factors") ? ParameterRole::norm : ParameterRole::buffer}};
}

TensorType infer_rows(const OpContext& context) {
  const TensorType& src = context.src[0];
  if (src.has_time || src.shape.size() != 1)
    context.refuse("expected one row of features a node and no time axis, got {}", to_string(src));
  return src;
}

std::vector<ParameterSpec> propagate_parameters(const OpContext& context) {
  std::vector<ParameterSpec> parameters;
  if (context.flag("bias")) parameters.push_back({"bias", context.src[0].shape, ParameterRole::bias});
  if (context.flag("train_eps")) parameters.push_back({"eps", {1}, ParameterRole::bias});
  return parameters;
}

Work propagate_work(const OpContext& context, const TensorType& dst) {
  return {.macs = context.src[1].shape[0] * dst.shape[0]};
}

}  // namespace

const OpSpec graph{
    .info = {"graph", "where the edges between the samples of a batch enter", "",
             {{"mean_degree", "int", "0", ">= 0", "edges a node, for counting work; 0: not known"},
              {"edges", "int", "0", ">= 0", "of the one graph that the network is for: each has a factor; 0: none has"},
              {"train_factors", "bool", "false", "", "the factors are trained"}}},
    .min_inputs = 0,
    .max_inputs = 0,
    .infer = infer_graph,
    .parameters = graph_parameters,
};

const OpSpec propagate{
    .info = {"propagate", "dst = M x (+ eps x) (+ bias): sums over neighbours, M the graph's matrix in a normalisation",
             "Kipf and Welling 2017, GCN; Chiang et al. 2019, Cluster-GCN; Xu et al. 2019, GIN",
             {{"normalisation", "string", "gcn", "sum|symmetric|gcn|gcn-identity|row|row-self|diagonal|lgcn",
               "sum: A; symmetric: D^-1/2 A D^-1/2; gcn: the same of A+I; gcn-identity: gcn + I; row: A / max(1, D); "
               "row-self: (D+I)^-1 (A+I); diagonal: row-self + lambda diag; lgcn: C^-1 (A+I) + I"},
              {"lambda", "float", "1", ">= 0", "of diagonal"},
              {"eps", "float", "0", "", "the node's own features are added eps times; GIN adds them 1 + eps times"},
              {"train_eps", "bool", "false", "", "adds a trained value to eps"},
              {"bias", "bool", "false", "", "adds one value a feature"}}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::graph},
    .infer = infer_rows,
    .parameters = propagate_parameters,
    .work = propagate_work,
};

const OpSpec graph_readout{
    .info = {"graph_readout", "one row a graph: mean, sum or maximum over its nodes", "Xu et al. 2019, GIN",
             {{"reduce", "string", "mean", "mean|sum|max", "over the nodes of a graph"}}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::graph},
    .infer = infer_rows,
};

}  // namespace tern::net::ops
