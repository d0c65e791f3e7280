// Ternary weights with thresholds and scales computed from them.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// q = alpha t, t = sign(w) where |w| > Delta, else 0; Delta = 0.7 E|w|, alpha = mean of the |w| above Delta; one pair for
/// each scale of `per`. Means run over the weights that are not zero: pruned ones move no threshold.
/// Backward: straight through, dL/dw = dL/dq.
/// Source: Li and Liu 2016, Ternary Weight Networks, eqs. 5 and 6. Where we differ: the paper's networks have no pruned
/// weights and average over all.
std::shared_ptr<learn::WeightQuantizer> make_twn(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo twn_info();

}  // namespace tern::compress
