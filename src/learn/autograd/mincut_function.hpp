// The two losses of MinCutPool, computed and differentiated without a matrix of nodes by nodes.
#pragma once

#include <ATen/core/Tensor.h>

#include "learn/graph/graph_batch.hpp"

namespace tern::learn {

/// Scalars, means over the graphs of a batch.
struct MincutLosses {
  at::Tensor cut;            ///< -1 .. 0 where edge weights are not negative
  at::Tensor orthogonality;  ///< 0 .. sqrt(2 - 2/sqrt(K))
};

/// Of each graph with the matrix A of its edges in `normalisation` (D = diag(A 1)) and soft clusters S
/// [nodes, K], whose rows sum to 1:
///   cut            -Tr(S'AS) / Tr(S'DS)
///   orthogonality  | S'S / |S'S| - I / sqrt(K) |   (Frobenius norms)
/// in O(edges K + nodes K^2). Both collapses, all nodes in one cluster and all clusters alike, give cut -1
/// and the largest orthogonality. Graphs without edges have cut 0, graphs without nodes 0 in both, and
/// gradients of 0 there. Differentiable in S: with n = Tr(S'AS), t = Tr(S'DS), M = S'S, m = |M|, E = M/m -
/// I/sqrt(K), e = |E|
///   d cut = -((A + A')S t - 2 D S n) / t^2,   d orthogonality = 2 S (E/m - M <E,M> / m^3) / e
/// Where the graph is dense or has edge factors, gradients reach those too.
/// Source: Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph Pooling, eqs. 9
/// and 10.
MincutLosses mincut_losses(const GraphValue& graph, graph::Normalisation normalisation,
                           const at::Tensor& soft);

}  // namespace tern::learn
