// SAWB: weights clipped where two of their moments say.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// code = clamp(round(w / s), -n, n), s = alpha / n, n = 2^(b-1) - 1, with the clip of a least squared error estimated as
///
///   alpha = c1 * sqrt(E[w^2]) - c2 * E|w|        over the kept weights that share a scale
///
/// computed anew from the weights each time. Above five bits one line no longer fits all distributions (it would clip
/// uniform weights), and the clip itself is searched, as affine_weight.hpp has it. Backward as fake_quantize(), alpha a
/// constant.
/// Source: Choi et al. 2018, Bridging the Accuracy Gap for 2-bit Quantized Neural Networks, section 3.2 (statistics-aware
/// weight binning). Where we differ: the levels include 0, so that the coefficients are fitted anew (sawb_coefficients).
std::shared_ptr<learn::WeightQuantizer> make_sawb(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo sawb_info();

inline constexpr int sawb_most_fitted_bits = 5;

struct SawbCoefficients {
  double c1 = 0, c2 = 0;
};
/// Least squares over five distributions (uniform, triangular, normal, logistic, Laplace) of the clip with the smallest
/// squared error against their two moments, as alpha / E|w| = c1 * sqrt(E[w^2]) / E|w| - c2. Each distribution is taken
/// at 4096 quantiles; fitted once, in some milliseconds. REQUIRES: bits 2..5.
SawbCoefficients sawb_coefficients(int bits);

}  // namespace tern::compress
