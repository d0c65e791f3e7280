// Weights whose sums of products cannot overflow a narrow accumulator.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// Largest sum of |integer weights| of an output channel such that its dot product with any inputs of `input_bits` fits a
/// signed accumulator of `accumulator_bits`: (2^(P-1) - 1) * 2^(signed - N).
double a2q_bound(int accumulator_bits, int input_bits, bool is_signed);

/// For each output channel, u = w / s and B = a2q_bound():
///   code = clamp(trunc(u * min(1, B / ||u||_1)), narrow codes)        q = s code
/// Truncation only lowers magnitudes, so that sum |code| <= B: no partial sum overflows, in whatever order. s [oc] is the
/// power of two that the channel's largest weight asks for when the quantizer is made, and not above that weight.
/// Backward: the derivative of u * min(1, B / ||u||_1), truncation and clamp straight through.
/// Options: acc = P (default 16, 4..32), acc_input = N (default 8, 1..16), acc_signed = 0 or 1 (default 0).
/// tensors(): scale, not trained. Errors: ErrorKind::usage for options outside their range or B < 1.
/// Source: Colbert et al. 2023, A2Q: Accumulator-Aware Quantization with Guaranteed Overflow Avoidance, eqs. 9 to 13.
/// Where we differ: norms are limited, not trained, and scales are fixed.
std::shared_ptr<learn::WeightQuantizer> make_a2q(const QuantizerOptions& options, const at::Tensor& weight);
MethodInfo a2q_info();

}  // namespace tern::compress
