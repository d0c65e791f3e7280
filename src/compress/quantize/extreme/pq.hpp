// Product quantization: runs of weights share trained vectors.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// The weight's rows (one for each output channel, flattened along its inputs) are cut into runs of d elements; each run is
/// one of min(2^b, runs) vectors, found by cluster_vectors() when the quantizer was made. The codes stay, the vectors are
/// trained: dL/dvector = sum of its members' gradients. Latent weights receive no gradient. bits() / d bits a weight.
/// Option d (default 4): runs are as long as the largest divisor of a row's length that is at most d.
/// tensors(): codebook [k, d], trained; codes [numel / d], not trained.
/// Errors: ErrorKind::usage for weights with zeros, since vectors cannot keep single pruned weights at zero; for d < 1;
/// for a weight of another size than the one it was made for.
/// Source: Jegou et al. 2011, Product Quantization for Nearest Neighbor Search; Stock et al. 2020, And the Bit Goes Down,
/// section 3 (weights, without its activation-weighted distance).
std::shared_ptr<learn::WeightQuantizer> make_pq(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo pq_info();

}  // namespace tern::compress
