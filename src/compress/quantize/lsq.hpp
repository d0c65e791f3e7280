// LSQ and LSQ+: uniform quantizers whose step size is trained.
#pragma once

#include "compress/quantize/activation_quantizer.hpp"
#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// Relative; far above what a step needs to follow its weights (1.01^352 = 33 in an epoch of ResNet-20).
inline constexpr double largest_step_change = 0.01;

/// x_hat = s * clamp(round(x / s), -Q_n, Q_p) with a trained s, one for each scale_shape() of a weight, one for an
/// activation; weights and signed activations: Q_n = 2^(b-1), Q_p = 2^(b-1)-1; unsigned ones: Q_n = 0, Q_p = 2^b-1.
/// The gradient of s (fake_quantize()) is multiplied by 1 / sqrt(N * Q_p), N = elements that share s (of one sample).
/// Weights start at s = 2 E|v| / sqrt(Q_p) over the kept ones, but no wider than max|v| / Q_p: at eight bits the paper's
/// start covers several times the weights' range, which matters when nothing is trained afterwards. Activations start at
/// the calibrated range: s = range / Q_p.
/// Where we differ: an update of the optimizer changes s by at most `largest_step_change` of itself, and s stays above
/// `smallest_scale`. Without a bound a burst of large gradients can take s to where nearly every code is 0 and no gradient
/// leads back: in ResNet-20 with 2 bits and a rate of 0.05 those of the last convolution and of fc (8 bits) ended at
/// 83 and 4.9, where the magnitudes of their latents were 5.4 and 0.93 on average.
/// Source: Esser et al. 2020, Learned Step Size Quantization, sections 2.1, 2.2.
std::shared_ptr<learn::WeightQuantizer> make_lsq(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo lsq_info();
std::shared_ptr<learn::ActivationQuantizer> make_lsq_activation(const ActivationOptions& options, CalibratedRange range);
MethodInfo lsq_activation_info();

/// LSQ+: weights as LSQ. Activations have a trained offset beta besides s, for ranges that are not symmetric (swish):
///   x_hat = s * (clamp(round(x / s) + z, Q_low, Q_high) - z),  z = clamp(round(Q_low - beta / s), Q_low, Q_high)
/// with s = (high - low) / (Q_high - Q_low) and beta = low of the calibrated range at first; beta is the value of the
/// smallest code. Where we differ: the paper's x_hat is not on a grid through 0; here beta is rounded to whole steps
/// (straight through in backward), so that 0, the padding of a convolution, is exact and the engine works on integers.
/// Source: Bhalgat et al. 2020, LSQ+: Improving Low-Bit Quantization Through Learnable Offsets, section 3.
std::shared_ptr<learn::WeightQuantizer> make_lsq_plus(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo lsq_plus_info();
std::shared_ptr<learn::ActivationQuantizer> make_lsq_plus_activation(const ActivationOptions& options,
                                                                     CalibratedRange range);
MethodInfo lsq_plus_activation_info();

}  // namespace tern::compress
