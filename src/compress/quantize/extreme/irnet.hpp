// One bit, balanced, with a gradient that sharpens while training goes on.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// Libra parameter binarization, for each output channel c over its weights that are not zero:
///   v = (w - mean(w)) / std(w)        q = 2^round(log2 mean|v|) * sign(v)
/// Codes -1 and 1, scale [oc], powers of two. Backward through the normalisation, the scale a constant, and the error
/// decay estimator in place of the sign's derivative, at progress p in 0..1 (set_progress()):
///   k t (1 - tanh(t v)^2),  t = 10^(-1 + 2p),  k = max(1/t, 1)
/// so nearly the identity at first, nearly the sign's at the end.
/// Source: Qin et al. 2020, Forward and Backward Information Retention (IR-Net), eqs. 5 to 9. Since v has variance 1,
/// layers need a batch norm behind them. Quantizing twice keeps the signs, not always the scale.
std::shared_ptr<learn::WeightQuantizer> make_irnet(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo irnet_info();

}  // namespace tern::compress
