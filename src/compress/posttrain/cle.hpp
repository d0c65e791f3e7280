// Cross-layer equalization and bias absorption: weights that quantize better, the same function.
#pragma once

#include <string>
#include <vector>

#include "learn/model.hpp"

namespace tern::compress {

/// Two kernels, the second the only reader of the first through operations with f(s x) = s f(x), s > 0, a channel at
/// a time: relu, leaky_relu, pools, dropout, flatten.
struct KernelPair {
  std::string first, second;  ///< node names
};

/// All of them, in Net order; depthwise kernels take part like any other. Kernels outside `weights` ("conv1.weight")
/// do not. Fold batch norms before: a norm ends the search, as do relu6 (not homogeneous), sums and spiking neurons.
std::vector<KernelPair> equalizable_pairs(const learn::Model& model, const std::vector<std::string>& weights);

struct EqualizeOptions {
  int sweeps = 40;           ///< over all pairs, at most
  double tolerance = 1e-4;   ///< ends when no factor differs from 1 by more
  double bias_limit = 4;     ///< no bias grows beyond this many times its layer's largest bias (or 1e-3)
};

/// For each pair and each channel i between, with r1 = max |W1[i]|, r2 = max |W2[:, i]|, s = sqrt(r1 / r2):
///   W1[i] /= s, b1[i] /= s, W2[:, i] *= s,
/// again until nothing moves: then r1 = r2 in every channel whose bias is not at its limit. Channels with r1 or r2 =
/// 0 stay. The function is the same up to rounding. Returns the number of sweeps.
/// Errors: ErrorKind::usage, place the node, where a kernel already has a quantizer or a gate, or an activation
/// between is quantized.
/// Source: Nagel et al. 2019, Data-Free Quantization Through Weight Equalization and Bias Correction, section 4.1.
/// Where we differ: the limit on biases, which otherwise take the range that weights give up.
int equalize(learn::Model& model, const std::vector<KernelPair>& pairs, const EqualizeOptions& options = {});

/// The first relu6 that keeps two kernels of `weights` from being a pair; empty: none does.
std::string blocking_relu6(const learn::Model& model, const std::vector<std::string>& weights);

/// Every relu6 replaced by relu: another function where activations reach 6.
learn::Model replace_relu6(const learn::Model& model);

/// Moves c = max(0, beta - 3 gamma) of each channel between from b1 into the next bias: b1 -= c, b2 += sum over
/// kernel places of W2 * c. Exact for every input whose pre-activations stay above c (99.87% of N(beta, gamma^2)).
/// Only pairs whose second kernel has a bias and no padding, and whose first one was folded (its state tells beta and
/// gamma). Returns the number of channels absorbed.
/// Source: as above, section 4.1.3. Where we differ: kernels that pad with zeros are left alone, at their borders c
/// is not there to absorb.
std::int64_t absorb_biases(learn::Model& model, const std::vector<KernelPair>& pairs);

}  // namespace tern::compress
