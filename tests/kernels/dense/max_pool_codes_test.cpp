#include "kernels/dense/max_pool_codes.hpp"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/dense/image_codes.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

TEST(MaxPoolCodes, EqualsPlainLoops) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(seed);
    const auto between = [&](int low, int high) {
      return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    ConvShape s;
    s.ic = s.oc = rng.below(2) == 0 ? 64 * between(1, 2) : between(1, 150);
    s.kernel_h = between(1, 3);
    s.kernel_w = between(1, 3);
    s.stride_h = between(1, 3);
    s.stride_w = between(1, 3);
    s.dilation_h = between(1, 2);
    s.dilation_w = between(1, 2);
    s.out_h = between(1, 4);
    s.out_w = between(1, 6);
    s.src_pixel = s.ic + between(0, 3);
    const ImageCodes image(s, 0, rng);
    const std::int64_t pixel = s.ic + 2, row = s.out_w * pixel,
                       first = between(0, static_cast<int>(s.out_h) - 1);
    std::vector<std::uint8_t> want(static_cast<std::size_t>(s.out_h * row), 77);
    for (std::int64_t y = first; y < s.out_h; ++y)
      for (std::int64_t x = 0; x < s.out_w; ++x)
        for (std::int64_t c = 0; c < s.ic; ++c) {
          std::uint8_t largest = 0;
          for (std::int64_t ky = 0; ky < s.kernel_h; ++ky)
            for (std::int64_t kx = 0; kx < s.kernel_w; ++kx)
              largest = std::max(largest, image.at(s, y * s.stride_h + ky * s.dilation_h,
                                                   x * s.stride_w + kx * s.dilation_w, c));
          want[static_cast<std::size_t>(y * row + x * pixel + c)] = largest;
        }
    each_isa([&] {
      std::vector<std::uint8_t> got(want.size(), 77);
      max_pool_codes(s, image.data(s), {got.data(), pixel, row}, first, s.out_h);
      EXPECT_EQ(got, want) << "seed " << seed;
    });
  }
}

TEST(MaxPoolCodes, RefusesPadding) {
  ConvShape s;
  s.pad_w = 1;
  EXPECT_THROW(max_pool_codes(s, nullptr, {}, 0, 1), Error);
  s.pad_w = 0;
  s.stride_h = 0;
  EXPECT_THROW(max_pool_codes(s, nullptr, {}, 0, 1), Error);
}

}  // namespace
}  // namespace tern::kernels
