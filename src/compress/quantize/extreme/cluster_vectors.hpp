// k-means on vectors.
#pragma once

#include <ATen/core/Tensor.h>

namespace tern::compress {

struct VectorClusters {
  at::Tensor centroids;  ///< [k, d]
  at::Tensor codes;      ///< float [n]: of the nearest
};

/// `rounds` of Lloyd's algorithm on the rows of `vectors` [n, d] from min(k, n) of them, drawn by a fixed seed far
/// from one another. A centroid without members moves to the row that is worst served. O(n k d) a round, by matrix
/// products of slices of rows.
/// Source of the draw: Arthur and Vassilvitskii 2007, k-means++.
VectorClusters cluster_vectors(const at::Tensor& vectors, std::int64_t k, int rounds = 20);

}  // namespace tern::compress
