// Sums of powers of two.
#pragma once

#include <vector>

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// The 2^magnitude_bits levels from 0 to 1, ascending. With n = magnitude_bits / 2 terms of two bits each, a level is
/// gamma * sum of p_i, p_i in {0, 2^-i, 2^-(i+n), 2^-(i+2n)} for i = 0..n-1. Odd widths add a term of one bit, {0, 2^-2n},
/// and the last member of p_i is 2^-(i+2n+1). gamma makes the largest level 1.
/// REQUIRES: 1 <= magnitude_bits <= 7.
std::vector<double> apot_levels(int magnitude_bits);

/// q = sigma * alpha * sign(v) * nearest level of |clip(v / alpha, -1, 1)|, with b-1 magnitude bits, v = (w - mean) / std of
/// the weights that are not zero (constants in backward; a zero stays zero), alpha trained, starting at 3, and sigma the
/// standard deviation when the quantizer was made. Stored as a codebook of 2^b - 1 levels and one scale.
/// Backward, g = dL/dq, u = v / alpha, l = signed level:
///   dL/dw = g * sigma / std where |u| <= 1, else 0;  dL/dalpha = sigma * sum of g (l - u) inside, g sign(u) outside.
/// tensors(): alpha, trained; sigma, not trained.
/// Source: Li et al. 2020, Additive Powers-of-Two Quantization, eqs. 4 to 7. Where we differ: the paper's normalised
/// weights have deviation 1; here they keep sigma, so that a trained network stays one. Quantizing twice is not the
/// identity, since normalisation acts twice.
std::shared_ptr<learn::WeightQuantizer> make_apot(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo apot_info();

}  // namespace tern::compress
