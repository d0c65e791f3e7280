#include "compress/quantize/affine.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int dyadic_scale_bits = 8;

struct ScaleKindRow {
  MethodInfo info;
  ScaleKind kind;
};

const std::vector<ScaleKindRow>& scale_kind_table() {
  static const std::vector<ScaleKindRow> table{
      {{"float", "any positive number", "", {}}, ScaleKind::real},
      {{"po2", "a power of two, rounded up", "Jain et al. 2020, TQT", {}}, ScaleKind::power_of_two},
      {{"dyadic", "m * 2^-e with m of eight bits", "Yao et al. 2021, HAWQ-V3", {}}, ScaleKind::dyadic},
  };
  return table;
}

at::Tensor to_dyadic_scale(const at::Tensor& scale) {
  at::Tensor values = scale.to(at::kFloat).contiguous().clone();
  float* data = values.data_ptr<float>();
  for (std::int64_t i = 0; i < values.numel(); ++i)
    data[i] = static_cast<float>(to_dyadic(data[i], dyadic_scale_bits).value());
  return values;
}

}  // namespace

const std::vector<RoundingRow>& rounding_table() {
  static const std::vector<RoundingRow> table{
      {{"half-even", "nearest, ties to the even integer", "IEEE 754; QONNX ROUND", {}}, Rounding::half_even},
      {{"ceil", "towards plus infinity", "QONNX CEIL", {}}, Rounding::ceil},
      {{"floor", "towards minus infinity", "QONNX FLOOR", {}}, Rounding::floor},
      {{"up", "away from zero", "QONNX UP", {}}, Rounding::up},
      {{"down", "towards zero", "QONNX DOWN", {}}, Rounding::down},
      {{"half-up", "nearest, ties away from zero", "QONNX HALF_UP", {}}, Rounding::half_up},
      {{"half-down", "nearest, ties towards zero", "QONNX HALF_DOWN", {}}, Rounding::half_down},
  };
  return table;
}

const RoundingRow& find_rounding(std::string_view name) {
  return find_method(rounding_table(), "rounding", name,
                     [](const RoundingRow& row) -> const MethodInfo& { return row.info; });
}

std::string_view name_of(Rounding rounding) { return rounding_table()[static_cast<std::size_t>(rounding)].info.name; }

at::Tensor round_to_integers(const at::Tensor& x, Rounding rounding) {
  switch (rounding) {
    case Rounding::half_even: return x.round();
    case Rounding::ceil: return x.ceil();
    case Rounding::floor: return x.floor();
    case Rounding::up: return x.sign() * x.abs().ceil();
    case Rounding::down: return x.trunc();
    // trunc and the exact remainder: adding 1/2 first would round the largest float below 1/2 up.
    case Rounding::half_up: return x.trunc() + x.sign() * (x - x.trunc()).abs().ge(0.5);
    case Rounding::half_down: return x.trunc() + x.sign() * (x - x.trunc()).abs().gt(0.5);
  }
  return x;
}

CodeRange code_range(int bits, bool is_signed, bool narrow) {
  if (bits < 1 || bits > 16) fail(ErrorKind::usage, "quantize", "expected 1 to 16 bits, got {}", bits);
  if (bits == 1 && narrow) fail(ErrorKind::usage, "quantize", "one bit has no narrow range");
  const std::int64_t half = std::int64_t{1} << (bits - 1);
  if (is_signed) return {narrow ? 1 - half : -half, half - 1};
  return {0, 2 * half - (narrow ? 2 : 1)};
}

ScaleKind find_scale_kind(std::string_view name) {
  return find_method(scale_kind_table(), "scale", name,
                     [](const ScaleKindRow& row) -> const MethodInfo& { return row.info; })
      .kind;
}

std::string_view name_of(ScaleKind kind) { return scale_kind_table()[static_cast<std::size_t>(kind)].info.name; }

double Dyadic::value() const { return std::ldexp(static_cast<double>(multiplier), -shift); }

Dyadic to_dyadic(double value, int bits) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);
  Dyadic result{static_cast<std::int64_t>(std::floor(std::ldexp(fraction, bits) + 0.5)), bits - exponent};
  if (result.multiplier == std::int64_t{1} << bits) result = {result.multiplier / 2, result.shift - 1};
  return result;
}

at::Tensor floor_scale(const at::Tensor& scale) {
  const double largest = scale.max().item<double>();
  return scale.clamp_min(std::max(smallest_scale, largest * 0x1p-16));
}

at::Tensor restrict_scale(const at::Tensor& scale, ScaleKind kind) {
  if (kind == ScaleKind::power_of_two) return scale.log2().ceil().exp2();
  return kind == ScaleKind::dyadic ? to_dyadic_scale(scale) : scale;
}

AffineGrid symmetric_grid(const at::Tensor& max_abs, CodeRange codes, ScaleKind kind) {
  const auto levels = static_cast<double>(std::max<std::int64_t>(1, codes.high));
  const at::Tensor scale = restrict_scale(floor_scale(max_abs / levels), kind);
  return {scale, at::zeros_like(scale), codes, Rounding::half_even};
}

AffineGrid asymmetric_grid(const at::Tensor& low, const at::Tensor& high, CodeRange codes, ScaleKind kind) {
  const at::Tensor bottom = low.clamp_max(0), top = high.clamp_min(0);
  const at::Tensor scale =
      restrict_scale(floor_scale((top - bottom) / static_cast<double>(codes.high - codes.low)), kind);
  const at::Tensor zero = (static_cast<double>(codes.low) - bottom / scale).round();
  return {scale, zero.clamp(static_cast<double>(codes.low), static_cast<double>(codes.high)), codes,
          Rounding::half_even};
}

at::Tensor quantize_affine(const at::Tensor& x, const AffineGrid& grid, std::string_view place) {
  refuse_non_finite(x, place);
  const at::Tensor code = round_to_integers(x / grid.scale, grid.rounding) + grid.zero_point;
  return code.clamp(static_cast<double>(grid.codes.low), static_cast<double>(grid.codes.high));
}

at::Tensor dequantize_affine(const at::Tensor& codes, const AffineGrid& grid) {
  return (codes - grid.zero_point) * grid.scale;
}

void refuse_non_finite(const at::Tensor& x, std::string_view place) {
  if (!x.isfinite().all().item<bool>()) fail(ErrorKind::bad_data, place, "it holds NaN or infinity");
}

}  // namespace tern::compress
