// k-means on single numbers.
#pragma once

#include <ATen/core/Tensor.h>

namespace tern::compress {

struct ValueClusters {
  at::Tensor centroids;  ///< [k], ascending
  int rounds = 0;        ///< of Lloyd's algorithm, until nothing changed
};

/// Lloyd's algorithm on the elements of `values` that are not zero, from `k` centroids at equal distances between the
/// smallest and the largest ("linear" initialisation: large weights, which matter most, have centroids too). A centroid
/// that nothing is nearest to stays where it is. `keeps_zero`: the centroid nearest to zero starts at exactly zero and
/// stays there.
/// Values are sorted once by their bits (O(n)); a round is then k binary searches and differences of prefix sums,
/// O(k log n) rather than O(n k).
/// Source: Han et al. 2016, Deep Compression, section 3.
ValueClusters cluster_values(const at::Tensor& values, int k, bool keeps_zero, int most_rounds = 300);

/// Indices (float, in the values' shape) of the nearest of `centroids` [k], ascending; halfway: the upper.
at::Tensor nearest_centroid(const at::Tensor& values, const at::Tensor& centroids);

}  // namespace tern::compress
