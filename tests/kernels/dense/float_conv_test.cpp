#include "kernels/dense/float_conv.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

/// A random layer, its source in a border of zeros, and what its sums should be.
struct Case {
  ConvShape shape;
  std::int64_t h = 1, w = 1;
  std::vector<float> weights, start, src, residual;
  std::int64_t origin = 0;
  bool clamps = false;

  Case(Rng& rng, const ConvShape& geometry, std::int64_t src_h, std::int64_t src_w, bool has_residual, bool has_clamp)
      : shape(geometry), h(src_h), w(src_w), clamps(has_clamp) {
    ConvShape& s = shape;
    s.out_h = (h + 2 * s.pad_h - s.dilation_h * (s.kernel_h - 1) - 1) / s.stride_h + 1;
    s.out_w = (w + 2 * s.pad_w - s.dilation_w * (s.kernel_w - 1) - 1) / s.stride_w + 1;
    s.src_pixel = s.ic;
    s.src_row = (w + 2 * s.pad_w) * s.ic;
    const auto fill = [&](std::vector<float>& values, std::int64_t count) {
      values.resize(static_cast<std::size_t>(count));
      for (float& v : values) v = static_cast<float>(rng.normal());
    };
    fill(weights, s.oc * s.group_ic() * s.taps());
    fill(start, s.oc);
    if (has_residual) fill(residual, s.out_h * s.out_w * s.oc);
    std::vector<float> image;
    fill(image, h * w * s.ic);
    src.assign(static_cast<std::size_t>((h + 2 * s.pad_h) * s.src_row + 32), 0.0F);
    origin = 16 + s.pad_h * s.src_row + s.pad_w * s.ic;
    for (std::int64_t y = 0; y < h; ++y)
      std::copy_n(image.begin() + y * w * s.ic, w * s.ic, src.begin() + origin + y * s.src_row);
  }

  /// The value, and the sum of absolute values that bounds its error.
  std::pair<double, double> expected(std::int64_t o, std::int64_t y, std::int64_t x) const {
    const ConvShape& s = shape;
    double sum = start[static_cast<std::size_t>(o)], absolute = std::abs(sum);
    for (std::int64_t i = 0; i < s.group_ic(); ++i)
      for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
        for (std::int64_t kx = 0; kx < s.kernel_w; ++kx) {
          const std::int64_t at = origin + (y * s.stride_h - s.pad_h + ky * s.dilation_h) * s.src_row +
                                  (x * s.stride_w - s.pad_w + kx * s.dilation_w) * s.src_pixel;
          const double product =
              double{src[static_cast<std::size_t>(at + o / s.group_oc() * s.group_ic() + i)]} *
              weights[static_cast<std::size_t>(((o * s.group_ic() + i) * s.kernel_h + ky) * s.kernel_w + kx)];
          sum += product;
          absolute += std::abs(product);
        }
    if (!residual.empty()) {
      const double other = residual[static_cast<std::size_t>((y * s.out_w + x) * s.oc + o)];
      sum += other;
      absolute += std::abs(other);
    }
    if (clamps) sum = std::min(std::max(sum, -1.0), 2.5);
    return {sum, absolute};
  }

  void check(std::int64_t first_row, std::int64_t last_row) const {
    const ConvShape& s = shape;
    const FloatWeights packed = pack_float_conv(s, weights.data(), start.data());
    std::vector<float> dst(static_cast<std::size_t>(s.out_h * s.out_w * s.oc), -99.0F);
    Epilogue e;
    e.channels = s.oc;
    e.clamp = clamps;
    e.clamp_low = -1.0F, e.clamp_high = 2.5F;
    e.floats = {dst.data(), s.oc, s.out_w * s.oc};
    if (!residual.empty()) e.residual = {residual.data(), s.oc, s.out_w * s.oc};
    run_float_conv(s, packed, src.data() + origin, e, first_row, last_row);
    const double terms = static_cast<double>(s.group_ic() * s.taps() + 2);
    for (std::int64_t y = 0; y < s.out_h; ++y)
      for (std::int64_t x = 0; x < s.out_w; ++x)
        for (std::int64_t o = 0; o < s.oc; ++o) {
          const float value = dst[static_cast<std::size_t>((y * s.out_w + x) * s.oc + o)];
          if (y < first_row || y >= last_row) {
            ASSERT_EQ(value, -99.0F);
            continue;
          }
          const auto [sum, absolute] = expected(o, y, x);
          ASSERT_NEAR(value, sum, terms * absolute * 0x1p-24) << "o " << o << " y " << y << " x " << x;
        }
  }
};

TEST(FloatConv, EqualsTheSumAsWrittenOverRandomShapes) {
  Rng rng(5);
  const auto up_to = [&](std::uint64_t n) { return 1 + static_cast<std::int64_t>(rng.below(n)); };
  for (int round = 0; round < 80; ++round) {
    ConvShape s;
    s.ic = up_to(40);
    s.oc = round % 4 == 3 ? s.ic : up_to(round % 2 == 0 ? 150 : 40);
    if (round % 4 == 3) s.groups = s.ic;
    const bool is_point = round % 5 == 0;
    s.kernel_h = is_point ? 1 : up_to(4), s.kernel_w = is_point ? 1 : up_to(4);
    s.stride_h = up_to(2), s.stride_w = up_to(3);
    s.dilation_h = up_to(2), s.dilation_w = up_to(2);
    s.pad_h = static_cast<std::int64_t>(rng.below(3)), s.pad_w = static_cast<std::int64_t>(rng.below(3));
    const std::int64_t h = s.dilation_h * (s.kernel_h - 1) + up_to(4), w = s.dilation_w * (s.kernel_w - 1) + up_to(30);
    const Case one(rng, s, h, w, rng.below(2) == 0, rng.below(2) == 0);
    const std::int64_t first = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(one.shape.out_h)));
    each_isa([&] {
      one.check(0, one.shape.out_h);
      one.check(first, one.shape.out_h);
    });
    if (HasFatalFailure()) return;
  }
}

TEST(FloatConv, PointKernelsOnWholeImagesGoOverTheEndsOfRows) {
  Rng rng(6);
  for (const std::int64_t oc : {16, 32, 64, 70}) {
    ConvShape s;
    s.ic = 19, s.oc = oc;
    const Case one(rng, s, 5, 7, true, true);
    each_isa([&] {
      one.check(0, 5);
      one.check(1, 4);
    });
  }
}

TEST(FloatConv, DepthwiseRowsOfEveryLength) {
  Rng rng(7);
  for (std::int64_t width = 1; width <= 26; ++width)
    for (const std::int64_t stride : {1, 2}) {
      ConvShape s;
      s.ic = s.oc = s.groups = width % 3 == 0 ? 16 : 21;
      s.kernel_h = s.kernel_w = 3, s.pad_h = s.pad_w = 1;
      s.stride_h = s.stride_w = stride;
      const Case one(rng, s, 3, width, width % 2 == 0, true);
      each_isa([&] { one.check(0, one.shape.out_h); });
      if (HasFatalFailure()) return;
    }
}

TEST(FloatConv, ThreeTapsInARowOfEveryLength) {
  Rng rng(8);
  for (std::int64_t width = 1; width <= 34; ++width) {
    ConvShape s;
    s.ic = 5, s.oc = width % 2 == 0 ? 16 : 11;
    s.kernel_h = 2, s.kernel_w = 3, s.pad_w = 1;
    const Case one(rng, s, 3, width, width % 3 == 0, true);
    each_isa([&] { one.check(0, one.shape.out_h); });
    if (HasFatalFailure()) return;
  }
}

TEST(FloatConv, RefusesOtherGroups) {
  ConvShape s;
  s.ic = 4, s.oc = 8, s.groups = 4;
  const std::vector<float> weights(8);
  EXPECT_FALSE(suits_float_conv(s));
  EXPECT_THROW(pack_float_conv(s, weights.data(), nullptr), Error);
}

}  // namespace
}  // namespace tern::kernels
