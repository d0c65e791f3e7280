// Convolutions (and linear layers) of unsigned codes with weights of 1, 2, 4 and 8 bits.
//
//   acc[y][x][o] = sum over ky, kx, c of weight[o][c][ky][kx] * (src[y * stride_h + ky * dilation_h - pad_h]
//                                                                  [x * stride_w + kx * dilation_w -
//                                                                  pad_w][c] - offset)
// exact in int32, then through an Epilogue. groups == 1. The geometry is that of kernels/conv_shape.hpp,
// src_pixel and src_row are bytes and src_pixel is a multiple of 4; the border holds bytes `offset`, bytes of
// a pixel behind `ic` may hold anything.
//
// Sums of four products (vpdpbusd) need words of four source channels: weights lie as [oc /
// 16][words][16][4], where a word is (ky, kx, c / 4). Fewer bits: 8 / bits words of one channel block share
// the 64 bytes of a word, word j in the bits from j * bits on of every byte. Panels of them are unpacked once
// for all rows of a call; for up to four pixels of a linear layer they stream and are unpacked in registers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/conv_shape.hpp"
#include "kernels/dense/aligned_bytes.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

struct DenseWeights {
  int bits = 8;             ///< of one stored weight
  std::int64_t blocks = 0;  ///< of 16 output channels
  std::int64_t words = 0;   ///< of 4 source channels, of all taps
  std::int32_t offset = 0;  ///< byte of the value zero
  AlignedBytes data;
  std::vector<std::int32_t> initial;  ///< [blocks * 16]: -offset * sum of the channel's weights

  std::size_t bytes() const { return data.size() + initial.size() * sizeof(std::int32_t); }
};

/// codes: [oc][ic][kernel_h][kernel_w] in -128 .. 127, stored in the fewest of 1 (only 1 and -1, and ic a
/// multiple of 4), 2 (-2 .. 1), 4 (-8 .. 7) and 8 bits. offset: 0 .. 255. Only ic, oc, kernel_h and kernel_w
/// of the shape are used. Errors: ErrorKind::usage for groups other than 1, extents below 1, an offset out of
/// range, or sums that could leave int32.
DenseWeights pack_dense(const ConvShape& shape, const std::int8_t* codes, std::int32_t offset);

/// Bytes that run_dense needs in `scratch`, aligned to 64.
std::size_t dense_scratch_bytes(const ConvShape& shape, const DenseWeights& weights);

/// Output rows [first_row, last_row) of one image; src is its element (0, 0).
/// Errors: ErrorKind::usage where src_pixel is not a multiple of 4 that holds ic.
void run_dense(const ConvShape& shape, const DenseWeights& weights, const std::uint8_t* src,
               const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch);

}  // namespace tern::kernels
