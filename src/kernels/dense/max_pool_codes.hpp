// Max pooling of unsigned codes on channels-last images.
//
//   dst[y][x][c] = max over ky, kx of src[y * stride_h + ky * dilation_h][x * stride_w + kx * dilation_w][c]
// A code grows with its value, so that the largest code is that of the largest value, bit for bit.
#pragma once

#include <cstdint>

#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// Output rows [first_row, last_row) of one image, shape.ic channels; bytes of dst behind them stay
/// untouched. Errors: ErrorKind::usage for padding, which would count as a value, or extents below 1.
void max_pool_codes(const ConvShape& shape, const std::uint8_t* src, const Plane<std::uint8_t>& dst,
                    std::int64_t first_row, std::int64_t last_row);

}  // namespace tern::kernels
