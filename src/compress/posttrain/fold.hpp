// Batch norm folding: convolution and normalisation become one convolution.
#pragma once

#include <string>
#include <vector>

#include "learn/model.hpp"

namespace tern::compress {

/// What folding leaves in the state of a bias: the distribution N(beta, gamma^2) of each output channel before its
/// activation, [oc] each. Bias absorption, analytic bias correction and ZeroQ read it.
inline constexpr const char* norm_shift_state = "norm.shift";  ///< beta
inline constexpr const char* norm_gain_state = "norm.gain";    ///< |gamma|

/// Names of the batch_norm nodes that fold_batch_norms() would fold now: those that are the only reader of a conv2d
/// or linear. Norms read by a spiking neuron alone (which computes them inside itself) count only with `spiking`.
std::vector<std::string> foldable_norms(const learn::Model& model, bool spiking);

/// conv2d or linear followed by batch_norm, with running statistics:
///   weight <- weight * gamma / sqrt(var + eps),   bias <- beta + (bias - mean) * gamma / sqrt(var + eps).
/// Chains of norms fold one after the other. Masks stay as they are; thresholds of neurons stay as they are. What
/// methods had kept with a folded weight (Parameter::state) is dropped: it belongs to the old scale.
/// Quantizers must be attached, and ranges searched, after folding: one channel's range may grow a hundredfold.
/// Errors: ErrorKind::usage, place the node, where the kernel already has a quantizer or a gate.
/// Source: Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
/// Inference, section 3.2.
learn::Model fold_batch_norms(const learn::Model& model, bool spiking = false);

}  // namespace tern::compress
