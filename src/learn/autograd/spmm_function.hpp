// Sparse products on the kernels of kernels/graph, with gradients.
#pragma once

#include <ATen/core/Tensor.h>

#include "learn/graph/graph_batch.hpp"

namespace tern::learn {

/// M x of a graph's matrix in a normalisation (graph/normalise.hpp), fused: x [nodes, features] -> the same
/// shape. Differentiable in x, and in graph.edge_factor where that requires gradients. REQUIRES: graph is
/// sparse. Errors: usage where x has other rows than the graph, or edge_factor not one value an edge.
at::Tensor propagate(const GraphValue& graph, graph::Normalisation normalisation, double lambda,
                     const at::Tensor& x);

/// The same behind soft clustering: x [graphs * clusters, features], the matrix of each graph normalised from
/// its entries.
at::Tensor propagate_dense(const at::Tensor& adjacency, graph::Normalisation normalisation, double lambda,
                           const at::Tensor& x);

/// x W' with x sparse and weight [out, features] -> [rows, out]. Differentiable in weight.
/// Errors: usage where the features differ.
at::Tensor sparse_linear(const SparseRows& x, const at::Tensor& weight);

}  // namespace tern::learn
