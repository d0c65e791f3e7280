// Convolutions and linear layers of floats on channels-last images, all channels in one group or one kernel a channel.
//
//   x = start[o] + sum over ky, kx, i of weight[o][i][ky][kx] * src[y * stride_h + ky * dilation_h - pad_h]
//                                                                  [x * stride_w + kx * dilation_w - pad_w][i]
//   x = x + residual;  x = min(max(x, clamp_low), clamp_high);  floats = x
// in float32. The order of the sum, and whether a product is rounded before it is added, are those of the instruction
// set: results differ from the sum as written by at most (terms + 1) * 2^-24 times the sum of absolute values.
// Geometry and borders (of zeros): kernels/conv_shape.hpp; src_pixel and src_row count floats.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/conv_shape.hpp"
#include "kernels/dense/aligned_bytes.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// Weights in blocks of 64 output channels, the last ones of 32 and 16: [taps][ic][channels of the block]; of one
/// kernel a channel: [taps][channels, padded to 16].
struct FloatWeights {
  std::int64_t padded = 0;  ///< channels, a multiple of 16
  AlignedBytes start;       ///< floats [padded]
  AlignedBytes data;        ///< floats
  std::size_t bytes() const { return start.size() + data.size(); }
};

/// Whether run_float_conv computes such a layer: groups is 1, or equal to ic and oc.
bool suits_float_conv(const ConvShape& shape);

/// weights: [oc][ic / groups][kernel_h][kernel_w]; start: [oc], null: zeros. Errors: ErrorKind::unsupported where
/// suits_float_conv says no.
FloatWeights pack_float_conv(const ConvShape& shape, const float* weights, const float* start);

/// Output rows [first_row, last_row) of one image; src is its element (0, 0). Of the epilogue residual, clamp and
/// floats are done, floats must be there; all else belongs into weights and start.
void run_float_conv(const ConvShape& shape, const FloatWeights& weights, const float* src, const Epilogue& epilogue,
                    std::int64_t first_row, std::int64_t last_row);

}  // namespace tern::kernels
