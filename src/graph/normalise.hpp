// The matrices that graph networks multiply with, as the papers write them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/graph.hpp"

namespace tern::graph {

/// A is the graph, D the diagonal of its row sums (weights), I the identity.
enum class Normalisation : std::uint8_t {
  sum,           ///< A (GIN, the sums of Cluster-GCN's first-layer precomputation)
  symmetric,     ///< D^-1/2 A D^-1/2; 0 for isolated nodes (MinCutPool's Ã)
  gcn,           ///< (D+I)^-1/2 (A+I) (D+I)^-1/2 (Kipf and Welling 2017)
  gcn_identity,  ///< gcn + I (Chiang et al. 2019, eq. 9)
  row,           ///< A_uv / max(1, D_u) (SAGE-mean; Cluster-GCN's code with diag_lambda = -1)
  row_self,      ///< Ã = (D+I)^-1 (A+I) (Chiang et al. 2019, eq. 10)
  diagonal,      ///< Ã + lambda diag(Ã) (Chiang et al. 2019, eq. 11)
  lgcn           ///< C^-1 (A+I) + I, C the column sums of A+I (You et al. 2020, L-GCN)
};
// Eq. 8 of Cluster-GCN is `gcn` with the layer's input added to its output: no other matrix.

std::string_view name_of(Normalisation normalisation);
/// Errors: usage naming the known ones.
Normalisation normalisation_named(std::string_view name);

/// A matrix row[u] * A_uv * column[v] + (u == v) * self[u], without being stored: what the fused product
/// reads. Empty vectors stand for 1, 1 and 0. Its transpose has `row` and `column` exchanged, over the
/// transposed graph.
struct Scales {
  std::vector<float> row, column, self;
};

/// The scales of a normalisation. A self loop already in A counts as part of A. `lambda` is that of eq. 11.
Scales scales_of(const Graph& graph, Normalisation normalisation, double lambda = 1);

/// The same matrix stored, with a self loop in each row where `self` is not empty.
Graph apply_scales(const Graph& graph, const Scales& scales);
Graph normalise(const Graph& graph, Normalisation normalisation, double lambda = 1);

}  // namespace tern::graph
