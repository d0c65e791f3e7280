// DuQ: a uniform quantizer with a trainable range and, for weights, a trainable scale.
#pragma once

#include "compress/quantize/activation_quantizer.hpp"
#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// With bits b, levels n = 2^(b-1), range a > 0 and scale c > 0 (one of each a tensor):
///
///   u = (n-1) * clamp(w/a, -1, 1)      q = c * round(u) / (n-1)      (round half to even)
///
/// b bits give 2^b - 1 values; 2 bits are ternary: -c, 0, c. Initially a = c = max(|mu - 3 sigma|, |mu + 3 sigma|)
/// over all weights, pruned ones included as zeros: sigma then shrinks with sparsity, so that the weights that pruning
/// kept lie above the first rounding threshold. (Over the kept ones alone most of them would round to zero.)
/// Backward, with g = dL/dq and the rounding gradient r(.) of rounding_gradient.hpp:
///   dL/du = r(g * c/(n-1));  dL/dw = dL/du * (n-1)/a and dL/da = sum of dL/du * (n-1) * (-w/a^2), both where |w| <= a;
///   dL/dc = sum of g * q/c.
/// Codes are round(u), the engine's scale is c/(n-1).
/// Source: Park and Yoo 2020, PROFIT (DuQ); Schaefer et al. 2023, The Hardware Impact of Quantization and Pruning for
/// Weights in Spiking Neural Networks. Where we differ: their element-wise gradient scaling sat inside a second
/// straight-through estimator and had no effect; here it acts.
std::shared_ptr<learn::WeightQuantizer> make_duq(const QuantizerOptions& options, const at::Tensor& weight);

MethodInfo duq_info();

/// Activations: x_hat = a * round((n-1) clamp(x/a, 0, 1)) / (n-1), n = 2^b, with a trained range a that starts as
/// calibrated; signed: n = 2^(b-1) and the codes of a signed `quantize` node. Backward as fake_quantize(). Where we
/// differ: the paper's separate output scale c is a, since the readers of a node share one scale for codes and values.
std::shared_ptr<learn::ActivationQuantizer> make_duq_activation(const ActivationOptions& options, CalibratedRange range);
MethodInfo duq_activation_info();

}  // namespace tern::compress
