// Weights that share trained values.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// q_i = codebook[code_i] with 2^b centroids from cluster_values() of the weights when the quantizer was made; the codes
/// stay as they are then, the centroids are trained: dL/dcentroid = sum of its members' gradients. Latent weights
/// receive no gradient. A weight that is zero maps to zero, whatever its code; from 2 bits on one centroid is kept at
/// exactly zero for that. With 1 bit there is none, so that pruned weights are refused.
/// tensors(): codebook [2^b], trained; codes in the weight's shape, not trained.
/// Errors: ErrorKind::usage for 1 bit and weights with zeros, or a weight of another shape than codes.
/// Source: Han et al. 2016, Deep Compression, section 3. Where we differ: there pruned weights are not stored and take no
/// centroid.
std::shared_ptr<learn::WeightQuantizer> make_kmeans(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo kmeans_info();

}  // namespace tern::compress
