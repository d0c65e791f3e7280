// Bias correction: quantization's shift of each output channel's mean, taken back.
#pragma once

#include <string>
#include <vector>

#include "compress/posttrain/adaround.hpp"

namespace tern::compress {

/// Kernels among `weights` that have no bias and no batch_norm that reads them alone get a bias of zeros: a place for
/// the correction. Returns whether the Net changed.
bool add_missing_biases(learn::Model& model, const std::vector<std::string>& weights);

/// Empirical: over the kernels of `weights`, in Net order,
///   bias += E[float network's output] - E[output],
/// means over samples and places, the network corrected so far. A kernel whose only reader is a batch_norm corrects
/// the norm's running mean instead. Others without bias are left alone (add_missing_biases).
/// Result: mean squares of the shift over channels.
/// Source: Nagel et al. 2019, Data-Free Quantization Through Weight Equalization and Bias Correction, section 4.2 and
/// appendix D.
std::vector<LayerError> correct_biases(learn::Model& model, const std::vector<std::string>& weights,
                                       const Samples& samples);

/// Analytic, without data: bias -= sum over kernel places of (quantized - float weight) * E[x], with
///   E[max(0, N(beta, gamma^2))] = gamma phi(-beta/gamma) + beta (1 - Phi(-beta/gamma))
/// of the channel that a norm, folded or not, and a relu in front of the kernel give. Kernels with other inputs
/// (sums, pools of maxima, the network's input) are left alone; zero padding is not accounted for.
/// Source: as above, equations 17 to 21.
std::vector<LayerError> correct_biases_analytically(learn::Model& model, const std::vector<std::string>& weights);

/// E[max(0, N(mean, deviation^2))], elementwise; `deviation` >= 0.
at::Tensor mean_of_clipped_normal(const at::Tensor& mean, const at::Tensor& deviation);

}  // namespace tern::compress
