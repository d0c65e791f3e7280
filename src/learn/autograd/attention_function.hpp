// Attention over the neighbours of a node: softmax of the scores of edges, and sums weighted by it, with
// gradients.
#pragma once

#include <memory>

#include <ATen/core/Tensor.h>

#include "learn/graph/graph_structure.hpp"

namespace tern::learn {

/// a[k, e] = softmax over the entries e of row u of leaky_relu(target[k, u] + source[k, v]), v the column of
/// e, for each head k (Velickovic et al. 2018, equation 3 with the score split in two). target, source
/// [heads, nodes] -> [heads, edges]; differentiable in both. A row without entries has none. Errors: usage
/// where the nodes are not the graph's.
at::Tensor edge_softmax(const std::shared_ptr<const GraphStructure>& structure, const at::Tensor& target,
                        const at::Tensor& source, double negative_slope);

/// dst[k, u] = sum over the entries e of row u of coefficient[k, e] x[k, v]: a product for each head, each
/// with values of its own. coefficient [heads, edges], x [heads, nodes, features] -> the shape of x;
/// differentiable in both. The weights of the graph are not read. Errors: usage where shapes differ.
at::Tensor weighted_sums(const std::shared_ptr<const GraphStructure>& structure,
                         const at::Tensor& coefficient, const at::Tensor& x);

}  // namespace tern::learn
