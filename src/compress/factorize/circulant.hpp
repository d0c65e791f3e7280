// Block-circulant kernels: fewer free values in a kernel of the same shape.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/registry.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// The block-circulant kernel nearest to `weight` [out, in, ...] in the Frobenius norm. Each block of b x b channels
/// (of a convolution: at each place of the kernel) becomes C[i, j] = c[(i - j) mod b], where c[d] is the mean of the b
/// weights on the cyclic diagonal d: the block times x is the cyclic convolution of c with x.
/// REQUIRES: block divides both channel counts.
/// Source: Cheng et al. 2015, An Exploration of Parameter Redundancy in Deep Networks with Circulant Projections; Ding et
/// al. 2017, CirCNN (blocks).
at::Tensor nearest_block_circulant(const at::Tensor& weight, std::int64_t block);

/// Not a row of factorization_table(): the Net stays as it is.
MethodInfo circulant_info();

/// Those of `names` (all weights where empty) that can be block-circulant: linear, or conv2d of one group, with channels
/// that `block` divides. Errors: ErrorKind::usage, place "plan", where there is none, or one has a mask.
std::vector<std::string> circulant_weights(const learn::Model& model, const std::vector<std::string>& names,
                                           std::int64_t block);

}  // namespace tern::compress
