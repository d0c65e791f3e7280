// PACT: activations with a trained clipping level.
#pragma once

#include "compress/quantize/activation_quantizer.hpp"

namespace tern::compress {

/// y = clamp(x, 0, alpha), x_hat = s * round(y / s), s = alpha / (2^b - 1); signed: clamp(x, -alpha, alpha) with
/// s = alpha / (2^(b-1) - 1). Backward: dy/dx = 1 inside, dy/dalpha = 1 where x is above the largest code (-1 for those
/// below the smallest signed one, in units of alpha), 0 elsewhere. penalty() is decay / 2 * alpha^2, decay = 2e-4, the
/// weight decay that the paper uses for CIFAR-10. alpha starts at the calibrated range, at 6 where there is none.
/// Weights of the method are DoReFa's (dorefa.hpp).
/// Source: Choi et al. 2018, PACT: Parameterized Clipping Activation for Quantized Neural Networks, section 3.
std::shared_ptr<learn::ActivationQuantizer> make_pact(const ActivationOptions& options, CalibratedRange range);
MethodInfo pact_info();

inline constexpr double pact_decay = 2e-4;
inline constexpr double pact_first_alpha = 6;

}  // namespace tern::compress
