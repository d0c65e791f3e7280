#include "compress/quantize/affine.hpp"

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;

at::Tensor scalar(double value) { return at::full({}, value, at::TensorOptions(at::kFloat)); }

// The table in QONNX's description of Quant: 5.5, 2.5, 1.6, 1.1, 1.0 and their negatives.
TEST(Affine, RoundingModesAsInTheTableOfQonnx) {
  const at::Tensor x = at::tensor({5.5F, 2.5F, 1.6F, 1.1F, 1.0F, -1.0F, -1.1F, -1.6F, -2.5F, -5.5F});
  const std::map<Rounding, std::vector<float>> expected{
      {Rounding::half_even, {6, 2, 2, 1, 1, -1, -1, -2, -2, -6}}, {Rounding::ceil, {6, 3, 2, 2, 1, -1, -1, -1, -2, -5}},
      {Rounding::floor, {5, 2, 1, 1, 1, -1, -2, -2, -3, -6}},     {Rounding::up, {6, 3, 2, 2, 1, -1, -2, -2, -3, -6}},
      {Rounding::down, {5, 2, 1, 1, 1, -1, -1, -1, -2, -5}},      {Rounding::half_up, {6, 3, 2, 1, 1, -1, -1, -2, -3, -6}},
      {Rounding::half_down, {5, 2, 2, 1, 1, -1, -1, -2, -2, -5}}};
  EXPECT_EQ(expected.size(), rounding_table().size());
  for (const auto& [rounding, values] : expected)
    EXPECT_EQ(distance(round_to_integers(x, rounding), at::tensor(values)), 0) << name_of(rounding);
  for (const auto& row : rounding_table()) EXPECT_EQ(name_of(row.rounding), row.info.name);
}

// The largest float below a half, and the ends: the clamp comes after the rounding.
TEST(Affine, Pitfall15RoundsHalfToEvenAndClampsAfterRounding) {
  const AffineGrid grid{scalar(1), scalar(0), code_range(3, true, false)};
  const at::Tensor x = at::tensor({-5.0F, -4.5F, -3.5F, -0.5F, 0.5F, 1.5F, 2.5F, 3.49F, 3.5F, 9.0F});
  EXPECT_EQ(distance(quantize_affine(x, grid), at::tensor({-4.F, -4.F, -4.F, 0.F, 0.F, 2.F, 2.F, 3.F, 3.F, 3.F})), 0);
  AffineGrid floored = grid;
  floored.rounding = Rounding::floor;
  EXPECT_EQ(quantize_affine(at::tensor({3.9F}), floored).item<float>(), 3) << "clamping 3.9 to 3 first would say the same";
  EXPECT_EQ(quantize_affine(at::tensor({-4.2F}), floored).item<float>(), -4);
  const float below_half = std::nextafter(0.5F, 0.0F);
  EXPECT_EQ(round_to_integers(at::tensor({below_half}), Rounding::half_up).item<float>(), 0);
}

TEST(Affine, CodeRanges) {
  EXPECT_EQ(code_range(8, true, false), (CodeRange{-128, 127}));
  EXPECT_EQ(code_range(8, true, true), (CodeRange{-127, 127}));
  EXPECT_EQ(code_range(2, true, true), (CodeRange{-1, 1}));
  EXPECT_EQ(code_range(1, false, false), (CodeRange{0, 1}));
  EXPECT_EQ(code_range(4, false, true), (CodeRange{0, 14}));
  EXPECT_EQ(code_range(16, true, false), (CodeRange{-32768, 32767}));
  EXPECT_THROW(code_range(0, true, false), Error);
  EXPECT_THROW(code_range(17, true, false), Error);
  EXPECT_THROW(code_range(1, true, true), Error);
}

TEST(Affine, AsymmetricByHandAndZeroIsACode) {
  const AffineGrid grid = asymmetric_grid(scalar(-0.5), scalar(1.0), code_range(8, false, false));
  EXPECT_NEAR(grid.scale.item<double>(), 1.5 / 255, 1e-9);
  EXPECT_EQ(grid.zero_point.item<float>(), 85);
  const at::Tensor ends = at::tensor({-0.5F, 0.0F, 1.0F});
  EXPECT_EQ(distance(quantize_affine(ends, grid), at::tensor({0.F, 85.F, 255.F})), 0);
  EXPECT_EQ(dequantize_affine(quantize_affine(ends, grid), grid)[1].item<float>(), 0);
  const AffineGrid far = asymmetric_grid(scalar(2.0), scalar(3.0), code_range(8, false, false));
  EXPECT_EQ(far.zero_point.item<float>(), 0) << "the range is widened to hold 0";
  EXPECT_NEAR(far.scale.item<double>(), 3.0 / 255, 1e-9);
}

TEST(Affine, ErrorIsAtMostHalfAStepInsideTheRange) {
  const at::Tensor x = learn::random({1000}, 1);
  for (int bits = 2; bits <= 12; ++bits)
    for (const bool narrow : {false, true}) {
      const AffineGrid grid = symmetric_grid(x.abs().max(), code_range(bits, true, narrow));
      const at::Tensor value = dequantize_affine(quantize_affine(x, grid), grid);
      EXPECT_LE(distance(value, x), grid.scale.item<double>() * 0.5001) << bits;
      EXPECT_EQ(distance(dequantize_affine(quantize_affine(value, grid), grid), value), 0) << bits;
    }
}

TEST(Affine, ScaleKinds) {
  const at::Tensor max_abs = at::tensor({1.0F, 0.3F, 100.0F});
  const CodeRange codes = code_range(8, true, true);
  const at::Tensor po2 = symmetric_grid(max_abs, codes, ScaleKind::power_of_two).scale;
  EXPECT_EQ(distance(po2, at::tensor({0x1p-6F, 0x1p-8F, 1.0F})), 0) << "1/127, 0.3/127 and 100/127, rounded up";
  const at::Tensor dyadic = symmetric_grid(max_abs, codes, ScaleKind::dyadic).scale, exact = max_abs / 127;
  EXPECT_LT(((dyadic - exact) / exact).abs().max().item<double>(), 1.0 / 256);
  EXPECT_EQ(find_scale_kind("po2"), ScaleKind::power_of_two);
  EXPECT_THROW(find_scale_kind("pow2"), Error);
}

TEST(Affine, DyadicNumbers) {
  const Dyadic half = to_dyadic(0.5, 8);
  EXPECT_EQ(half.multiplier, 128);
  EXPECT_EQ(half.shift, 8);
  const Dyadic carried = to_dyadic(0.9999999, 8);
  EXPECT_EQ(carried.multiplier, 128) << "255.99 rounds to 256 = 2 * 128";
  EXPECT_EQ(carried.shift, 7);
  for (const double value : {1e-6, 0.0123, 0.77, 3.0, 12345.6})
    EXPECT_NEAR(to_dyadic(value).value() / value, 1, 0x1p-31) << value;
}

// A dead channel's scale times the input's must not be so small that an integer bias overflows.
TEST(Affine, Pitfall1ScalesHaveAFloor) {
  const at::Tensor scale = symmetric_grid(at::tensor({1.0F, 0.0F, 1e-30F}), code_range(8, true, true)).scale;
  EXPECT_GE(scale.min().item<double>(), (1.0 / 127) * 0x1p-16 * 0.999);
  EXPECT_EQ(symmetric_grid(scalar(0), code_range(8, true, true)).scale.item<float>(), static_cast<float>(smallest_scale));
  const AffineGrid dead = symmetric_grid(scalar(0), code_range(8, true, true));
  EXPECT_EQ(quantize_affine(at::zeros({3}), dead).abs().max().item<float>(), 0);
}

TEST(Affine, RefusesNanAndInfinity) {
  const AffineGrid grid{scalar(1), scalar(0), code_range(8, true, true)};
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()})
    EXPECT_THROW(quantize_affine(at::tensor({0.0F, bad}), grid), Error);
}

}  // namespace
}  // namespace tern::compress
