// Uniform quantization of tensors: codes on a grid of equal steps.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"

namespace tern::compress {

/// What becomes of a value between two codes; the names of QONNX's Quant operation. `up` is away from zero and `down`
/// towards it; `half_*` round to the nearest and differ in ties only.
enum class Rounding { half_even, ceil, floor, up, down, half_up, half_down };

struct RoundingRow {
  MethodInfo info;
  Rounding rounding;
};
const std::vector<RoundingRow>& rounding_table();
/// Errors: ErrorKind::usage with the nearest known name.
const RoundingRow& find_rounding(std::string_view name);
std::string_view name_of(Rounding rounding);

/// Elementwise.
at::Tensor round_to_integers(const at::Tensor& x, Rounding rounding);

/// {smallest, largest} code.
struct CodeRange {
  std::int64_t low = 0, high = 0;
  bool operator==(const CodeRange&) const = default;
};

/// Of `bits` (1..16): signed [-2^(b-1), 2^(b-1)-1], unsigned [0, 2^b-1]. `narrow` leaves out the smallest signed or the
/// largest unsigned code. Errors: ErrorKind::usage for a width outside 1..16, or where `narrow` leaves one code only.
CodeRange code_range(int bits, bool is_signed, bool narrow);

/// How a scale may look: any float, a power of two (rounded up, so that nothing more is clipped), or m * 2^-e with an
/// integer m of eight bits (nearest): a multiplication by it is a short multiplication and a shift.
enum class ScaleKind { real, power_of_two, dyadic };

/// "float", "po2", "dyadic". Errors: ErrorKind::usage with the nearest known name.
ScaleKind find_scale_kind(std::string_view name);
std::string_view name_of(ScaleKind kind);

/// value = multiplier * 2^-shift, 2^(bits-1) <= multiplier < 2^bits.
struct Dyadic {
  std::int64_t multiplier = 0;
  int shift = 0;
  double value() const;
};
/// Nearest dyadic number, ties up: (f, k) = frexp(value), multiplier = floor(f * 2^bits + 1/2), shift = bits - k.
/// Integer-only requantization multiplies a sum by M = s_w s_x / s_y = multiplier * 2^-shift with bits = 31.
/// REQUIRES: value > 0 and finite. Source: Yao et al. 2021, HAWQ-V3: Dyadic Neural Network Quantization.
Dyadic to_dyadic(double value, int bits = 31);

/// No scale is smaller: a channel whose weights are all zero has a scale, and one over it is finite.
inline constexpr double smallest_scale = 1e-8;

/// Positive and of the kind asked: at least `smallest_scale`, and at least 2^-16 of the largest entry, since a code step
/// far below the others' only makes integer biases overflow.
at::Tensor floor_scale(const at::Tensor& scale);
at::Tensor restrict_scale(const at::Tensor& scale, ScaleKind kind);

/// value = scale * (code - zero_point), code = clamp(round(x / scale) + zero_point, codes). Tensors are 0-d, or
/// broadcast against x: one scale for each channel is [oc, 1, 1, 1].
struct AffineGrid {
  at::Tensor scale, zero_point;
  CodeRange codes;
  Rounding rounding = Rounding::half_even;
};

/// Symmetric: scale = max_abs / codes.high, zero point 0.
AffineGrid symmetric_grid(const at::Tensor& max_abs, CodeRange codes, ScaleKind kind = ScaleKind::real);
/// Asymmetric: [low, high] widened to hold 0; scale = (high - low) / (codes.high - codes.low), zero point
/// round(codes.low - low / scale), so that 0 is a code.
AffineGrid asymmetric_grid(const at::Tensor& low, const at::Tensor& high, CodeRange codes,
                           ScaleKind kind = ScaleKind::real);

/// Integers as floats. Errors: ErrorKind::bad_data for NaN and infinities, naming `place`.
at::Tensor quantize_affine(const at::Tensor& x, const AffineGrid& grid, std::string_view place = "quantize");
at::Tensor dequantize_affine(const at::Tensor& codes, const AffineGrid& grid);

/// Errors: ErrorKind::bad_data where an element is NaN or infinite.
void refuse_non_finite(const at::Tensor& x, std::string_view place);

}  // namespace tern::compress
