// Activations on a calibrated grid that nothing trains.
#pragma once

#include "compress/quantize/activation_quantizer.hpp"

namespace tern::compress {

/// x_hat = s * clamp(round(x / s), codes) with s = range / largest code, fixed by calibration and kept as untrained
/// state. Zero point 0: ranges of either sign are symmetric, those without negative values start at 0.
/// Source: Jacob et al. 2018.
std::shared_ptr<learn::ActivationQuantizer> make_affine_activation(const ActivationOptions& options,
                                                                   CalibratedRange range);
MethodInfo affine_activation_info();

}  // namespace tern::compress
