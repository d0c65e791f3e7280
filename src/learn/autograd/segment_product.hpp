// Matrix products graph by graph, of rows that lie side by side.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <ATen/core/Tensor.h>

#include "learn/graph/graph_batch.hpp"

namespace tern::learn {

/// Rows offsets[k] .. offsets[k+1]-1 belong to graph k.
using Offsets = std::shared_ptr<const std::vector<std::int64_t>>;

/// Those of a batch's rows, sparse or dense.
Offsets offsets_of(const GraphValue& graph);

/// x_k' y_k of every graph k: x [n, a], y [n, b] -> [graphs, a, b]; zeros for a graph without rows.
/// Differentiable in both.
at::Tensor segment_gram(const at::Tensor& x, const at::Tensor& y, const Offsets& offsets);

/// x_k w_k of every graph k: x [n, a], w [graphs, a, b] -> [n, b]. Differentiable in both.
at::Tensor segment_matmul(const at::Tensor& x, const at::Tensor& w, const Offsets& offsets);

/// Sums over the rows of each graph: [n] -> [graphs]. Differentiable.
at::Tensor segment_sum(const at::Tensor& values, const Offsets& offsets);

/// The value of each row's graph: [graphs] -> [n]. Differentiable.
at::Tensor segment_expand(const at::Tensor& values, const Offsets& offsets);

}  // namespace tern::learn
