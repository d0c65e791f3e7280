// Uniform weights whose scale follows the weights: nothing is learned but the weights themselves.
#pragma once

#include "compress/quantize/quantizer.hpp"

namespace tern::compress {

/// code = clamp(round(w / scale)), scale = clip / (2^(b-1) - 1), zero point 0, so that pruned weights stay zero. The
/// codes are narrow, -(2^(b-1)-1) .. 2^(b-1)-1, as the int8 contract of integer engines has it; `narrow=0` adds
/// -2^(b-1). `clip` is computed anew from the masked weights each time, one for each scale:
///   minmax      max |w|
///   percentile  the 99.99% quantile of |w|, exactly
///   mse         the one of 32 clips max|w| * i/32 with the smallest squared error
/// Backward is that of fake_quantize(), the scale a constant. A scale is never smaller than floor_scale() allows.
/// Rounding modes other than half-even, and scale kinds, as in affine.hpp.
/// Source: Jacob et al. 2018, Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
/// Inference; Krishnamoorthi 2018, Quantizing Deep Convolutional Networks (per channel).
std::shared_ptr<learn::WeightQuantizer> make_affine_weight(const QuantizerOptions& options, const at::Tensor& weight);

MethodInfo affine_weight_info();

/// Errors: ErrorKind::usage for a name that is none of the calibrators above.
void check_weight_calibrator(std::string_view name);

/// Clipping magnitudes [rows] of `rows` [rows, n] by one of the calibrators above; `codes.high` levels above zero.
at::Tensor clip_of_rows(const at::Tensor& rows, std::string_view calibrator, const CodeRange& codes);

}  // namespace tern::compress
