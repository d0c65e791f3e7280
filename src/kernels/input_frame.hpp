// One frame of floats in the Net's order, [c][h][w], to codes or spike bits, channels last.
#pragma once

#include <cstdint>

#include "kernels/epilogue.hpp"

namespace tern::kernels {

/// Extents of a frame, and where its pixels go; strides of the destination in its elements.
struct InputFrame {
  std::int64_t c = 1, h = 1, w = 1;
  const float* src = nullptr;
};

/// byte = round(min(max(x * inverse_scale, low), high)) + offset, ties to even: the codes of an Epilogue of the same
/// numbers. dst.pixel is a multiple of 4 that holds c; bytes that pad a pixel are written, too (with anything).
void quantize_frame(const InputFrame& frame, const Epilogue& grid, const Plane<std::uint8_t>& dst);

/// Channel i of a pixel is bit i % 64 of word i / 64, set where the value is 1; bits behind c are zero. Returns whether
/// every value was 0 or 1; if not, `dst` holds no faithful copy.
bool pack_frame(const InputFrame& frame, const Plane<std::uint64_t>& dst);

namespace input_scalar {
void quantize_frame(const InputFrame& frame, const Epilogue& grid, const Plane<std::uint8_t>& dst);
bool pack_frame(const InputFrame& frame, const Plane<std::uint64_t>& dst);
}  // namespace input_scalar
namespace input_avx512 {
void quantize_frame(const InputFrame& frame, const Epilogue& grid, const Plane<std::uint8_t>& dst);
bool pack_frame(const InputFrame& frame, const Plane<std::uint64_t>& dst);
}  // namespace input_avx512

}  // namespace tern::kernels
