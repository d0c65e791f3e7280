// Which nodes of a graph become which nodes of a smaller one. graph_pool.cpp carries features and edges over.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

/// Logits of clusters, one row a node.
TensorType infer_clusters(const OpContext& context) {
  const TensorType& src = context.src[0];
  if (src.has_time || src.shape.size() != 1)
    context.refuse("expected one row of cluster logits a node, got {}", to_string(src));
  return {.has_time = false, .shape = src.shape, .kind = Kind::assignment};
}

TensorType infer_selection(const OpContext& context) {
  const TensorType& src = context.src[0];
  if (src.has_time || src.shape.size() != 1)
    context.refuse("expected one row of features a node, got {}", to_string(src));
  return {.has_time = false, .shape = {}, .kind = Kind::assignment};
}

TensorType infer_scored_selection(const OpContext& context) {
  if (context.src[0].shape != Shape{1})
    context.refuse("expected one score a node, got {}: put a layer with one feature before it", to_string(context.src[0]));
  return infer_selection(context);
}

std::vector<ParameterSpec> topk_parameters(const OpContext& context) {
  return {{"projection", {1, context.src[0].shape[0]}, ParameterRole::norm}};
}

}  // namespace

const OpSpec mincut{
    .info = {"mincut",
             "soft clusters S = softmax(logits), with the losses -Tr(S'AS)/Tr(S'DS) and |S'S/|S'S| - I/sqrt(K)|, A = D^-1/2 A D^-1/2",
             "Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph Pooling",
             {{"loss_weight", "float", "1", ">= 0", "of both losses"},
              {"matrix", "string", "symmetric", "sum|symmetric", "A as it is (behind another pooling), or D^-1/2 A D^-1/2"}}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::graph},
    .infer = infer_clusters,
};

const OpSpec diffpool{
    .info = {"diffpool", "soft clusters S = softmax(logits), with the losses |A - SS'| and the mean entropy of S",
             "Ying et al. 2018, Hierarchical Graph Representation Learning with Differentiable Pooling",
             {{"loss_weight", "float", "1", ">= 0", "of both losses"}}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::graph},
    .infer = infer_clusters,
};

const OpSpec topk{
    .info = {"topk", "keeps the ceil(ratio n) nodes of each graph with the largest y = x p / |p|, features times tanh(y)",
             "Gao and Ji 2019, Graph U-Nets", {{"ratio", "float", "0.5", "0..1", "share of the nodes kept"}}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::graph},
    .infer = infer_selection,
    .parameters = topk_parameters,
};

const OpSpec sagpool{
    .info = {"sagpool", "keeps the ceil(ratio n) nodes of each graph with the largest score, features times tanh(score)",
             "Lee et al. 2019, Self-Attention Graph Pooling", {{"ratio", "float", "0.5", "0..1", "share of the nodes kept"}}},
    .min_inputs = 2,
    .max_inputs = 2,
    .takes = {Kind::tensor, Kind::graph},
    .infer = infer_scored_selection,
};

}  // namespace tern::net::ops
