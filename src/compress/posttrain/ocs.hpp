// Outlier channel splitting: the largest weights are halved by using their input channel twice.
#pragma once

#include <string>
#include <vector>

#include "learn/model.hpp"

namespace tern::compress {

struct OcsOptions {
  double ratio = 0.02;  ///< channels to add, of a kernel's input channels, at least one
  int bits = 4;         ///< width that the kernel will be quantized to: decides the step s below
};

struct OcsResult {
  learn::Model model;
  std::vector<std::string> split;    ///< "conv2: 1 channel, largest weight 0.91 -> 0.47"
  std::vector<std::string> refused;  ///< kernels whose input cannot be widened, with the reason
};

/// For each kernel of `weights`, ceil(ratio * ic) times: the input channel with the largest |w| is split; its weights
/// w become (w - s / 2) / 2 and (w + s / 2) / 2, s the quantization step max |w| / (2^(bits - 1) - 1), so that the
/// two halves round to different sides; the kernel before it gives the channel twice. The function is the same up to
/// rounding. The input can be widened where one kernel (ungrouped) alone gives it, through operations on single
/// channels: batch_norm, activations, pools, dropout, spiking neurons. Do it before quantizing.
/// Errors: ErrorKind::usage where a kernel already has a quantizer, a gate or a mask.
/// Source: Zhao et al. 2019, Improving Neural Network Quantization without Retraining using Outlier Channel
/// Splitting.
OcsResult split_outlier_channels(const learn::Model& model, const std::vector<std::string>& weights,
                                 const OcsOptions& options);

}  // namespace tern::compress
