// bfloat16: the upper half of a float32.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// Rounded to nearest, ties to even; a NaN stays one.
void to_bf16(std::int64_t n, const float* src, std::uint16_t* dst);
void from_bf16(std::int64_t n, const std::uint16_t* src, float* dst);

}  // namespace tern::kernels
