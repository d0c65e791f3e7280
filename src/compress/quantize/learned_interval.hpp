// The quantizer of EWGS: a trained interval.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// code = clamp(round(n w / a), -n, n), value = a * code / n, n = 2^(b-1) - 1, with a trained half-width a > 0 for each
/// scale_shape(), first 3 sigma of the weights around 0 but no more than max|w|. Backward as fake_quantize(); the
/// gradient that the paper proposes is the option gradient=ewgs, the default.
/// Source: Lee et al. 2021, Network Quantization with Element-wise Gradient Scaling, sections 3.1 and 3.3; the trained
/// interval is of Jung et al. 2019, QIL. Where we differ: the interval is symmetric and 0 a level (the paper's levels are
/// odd multiples of half a step); its separate output scale is the interval's own, since a batch norm or the next
/// scale absorbs it. The name is not the paper's, which in a plan is the rounding gradient's.
std::shared_ptr<learn::WeightQuantizer> make_learned_interval(const QuantizerOptions& options,
                                                              const at::Tensor& weight);
MethodInfo learned_interval_info();

}  // namespace tern::compress
