// How well clusters of nodes fit known classes, and how well they fit the graph.
#pragma once

#include <cstdint>
#include <span>

#include "graph/graph.hpp"

namespace tern::graph {

/// With H the entropy, K the clusters and C the classes, all in 0 .. 1:
///   homogeneity   1 - H(C|K) / H(C)   each cluster holds one class; 1 where H(C) = 0
///   completeness  1 - H(K|C) / H(K)   each class lies in one cluster; 1 where H(K) = 0
///   nmi           2 homogeneity completeness / (homogeneity + completeness), 0 where both are 0
/// nmi is the V-measure, which equals mutual information over the mean of both entropies.
/// Source: Rosenberg and Hirschberg 2007, V-Measure.
struct ClusterAgreement {
  double nmi = 0, homogeneity = 0, completeness = 0;
};

/// `labels` and `clusters` have one entry a node; nodes of label -1 do not count. Errors: usage where sizes
/// differ or another value is negative.
ClusterAgreement cluster_agreement(std::span<const std::int32_t> labels,
                                   std::span<const std::int32_t> clusters);

/// Sum over clusters c of w_c / w - (d_c / w)^2: w the weight of all entries, w_c of those inside of c, d_c
/// the degrees in c (Newman and Girvan 2004). 0 for a graph without edges. REQUIRES: a symmetric graph.
/// Errors: as above.
double modularity(const Graph& graph, std::span<const std::int32_t> clusters);

/// Mean over clusters that have a smaller and not empty side of cut(c) / min(d_c, w - d_c); lower is better.
/// 0 where no cluster has one. REQUIRES: a symmetric graph. Errors: as above.
double conductance(const Graph& graph, std::span<const std::int32_t> clusters);

}  // namespace tern::graph
