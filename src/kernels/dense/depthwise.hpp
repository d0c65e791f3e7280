// Depthwise convolutions of unsigned codes: one kernel a channel (groups == ic == oc).
//
//   acc[y][x][c] = sum over ky, kx of weight[c][ky][kx] * (src[y * stride_h + ky * dilation_h - pad_h]
//                                                              [x * stride_w + kx * dilation_w - pad_w][c] -
//                                                              offset)
// exact in int32, then through an Epilogue. The geometry is that of kernels/conv_shape.hpp; src_pixel and
// src_row are bytes; the border holds bytes `offset`, bytes of a pixel behind the channels may hold anything.
//
// Lanes come in blocks of 32: 32 channels, or as many neighbouring pixels as fit where the number of channels
// divides 32. Four taps a lane make one vpdpbusd, after bytes of four source vectors were interleaved; a
// kernel three rows high has one such group a column, so that neighbouring pixels share the interleaved
// columns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/conv_shape.hpp"
#include "kernels/dense/aligned_bytes.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

struct DepthwiseWeights {
  std::int64_t channels = 0;
  std::int64_t blocks =
      0;  ///< of 32 lanes; where channels divide 32, one, and lane i is channel i % channels
  /// Taps [groups * 4], (ky << 32 | kx), -1 where a group has less than four.
  std::vector<std::int64_t> taps;
  AlignedBytes data;                  ///< [blocks][groups][32 lanes][4 taps]
  std::vector<std::int32_t> initial;  ///< [blocks][32]: -offset * sum of the lane's weights

  std::size_t bytes() const { return data.size() + initial.size() * sizeof(std::int32_t); }
};

/// codes: [channels][1][kernel_h][kernel_w]. offset: 0 .. 255. Only ic, oc, groups, kernel_h and kernel_w are
/// used. Errors: ErrorKind::usage where groups, ic and oc differ, extents below 1, an offset out of range or
/// sums that could leave int32.
DepthwiseWeights pack_depthwise(const ConvShape& shape, const std::int8_t* codes, std::int32_t offset);

/// Bytes that run_depthwise needs in `scratch`, aligned to 64.
std::size_t depthwise_scratch_bytes(const ConvShape& shape, const DepthwiseWeights& weights);

/// Output rows [first_row, last_row) of one image; src is its element (0, 0).
/// Errors: ErrorKind::usage where src_pixel is less than the channels.
void run_depthwise(const ConvShape& shape, const DepthwiseWeights& weights, const std::uint8_t* src,
                   const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch);

}  // namespace tern::kernels
