// DoReFa: weights squashed by tanh, activations clipped to 0..1.
#pragma once

#include "compress/quantize/activation_quantizer.hpp"
#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// With n = 2^(b-1) - 1 and m = max|w| when the quantizer was made:
///
///   t = m * tanh(w) / max|tanh(w)|       q = m * round(n t / m) / n
///
/// Backward: the derivative of t with the maximum a constant, rounding by its rounding gradient.
/// Source: Zhou et al. 2016, DoReFa-Net, eq. 9. Where we differ: the paper's 2^b levels between -1 and 1 leave out 0, to
/// which pruned weights must map; these are 2^b - 1 levels with 0 among them. The paper's weights reach from -1 to 1;
/// here they keep their magnitude m, so that a trained network stays one when its weights are quantized.
/// Quantizing twice is not the identity, since tanh acts twice.
std::shared_ptr<learn::WeightQuantizer> make_dorefa(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo dorefa_info();

/// The weights of PACT, which are DoReFa's: Choi et al. 2018, section 5.
std::shared_ptr<learn::WeightQuantizer> make_pact_weight(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo pact_weight_info();

/// clamp(x, 0, 1) rounded to multiples of 1 / (2^b - 1); signed: clamp(x, -1 - s, 1) to multiples of
/// s = 1 / (2^(b-1) - 1). Nothing is calibrated or trained.
/// Source: Zhou et al. 2016, eq. 11.
std::shared_ptr<learn::ActivationQuantizer> make_dorefa_activation(const ActivationOptions& options,
                                                                   CalibratedRange range);
MethodInfo dorefa_activation_info();

}  // namespace tern::compress
