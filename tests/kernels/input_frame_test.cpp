#include "kernels/input_frame.hpp"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "base/seed.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

TEST(InputFrame, CodesAreThoseOfTheFormulaOnEveryInstructionSet) {
  Rng rng(1);
  for (const std::int64_t c : {1, 2, 3, 4, 5, 8, 13})
    for (const std::int64_t w : {1, 15, 16, 17, 40}) {
      const std::int64_t h = 3, pixel = (c + 3) / 4 * 4, row = (w + 2) * pixel;
      std::vector<float> src(static_cast<std::size_t>(c * h * w));
      for (auto& x : src) x = static_cast<float>(static_cast<int>(rng.below(400)) - 150) * 0.125F;  // ties are common
      Epilogue grid;
      grid.inverse_scale = 2.0F, grid.low = -20, grid.high = 43, grid.offset = 20;
      each_isa([&] {
        std::vector<std::uint8_t> dst(static_cast<std::size_t>(h * row), 7);
        quantize_frame({c, h, w, src.data()}, grid, {dst.data() + pixel, pixel, row});
        for (std::int64_t y = 0; y < h; ++y) {
          EXPECT_EQ(dst[static_cast<std::size_t>(y * row)], 7) << "the border is left alone";
          EXPECT_EQ(dst[static_cast<std::size_t>(y * row + (w + 1) * pixel)], 7);
          for (std::int64_t x = 0; x < w; ++x)
            for (std::int64_t i = 0; i < c; ++i) {
              const float value = src[static_cast<std::size_t>((i * h + y) * w + x)] * 2.0F;
              const auto expected = static_cast<int>(std::nearbyint(std::min(std::max(value, -20.0F), 43.0F))) + 20;
              ASSERT_EQ(dst[static_cast<std::size_t>(y * row + (x + 1) * pixel + i)], expected) << c << " " << w << " " << x;
            }
        }
      });
    }
}

TEST(InputFrame, SpikesBecomeBitsAndAnythingElseIsTold) {
  Rng rng(2);
  for (const std::int64_t c : {1, 2, 63, 64, 65, 130})
    for (const std::int64_t w : {1, 7, 8, 16, 19}) {
      const std::int64_t h = 2, pixel = (c + 63) / 64, row = w * pixel;
      std::vector<float> src(static_cast<std::size_t>(c * h * w));
      for (auto& x : src) x = rng.below(3) == 0 ? 1.0F : 0.0F;
      each_isa([&] {
        std::vector<std::uint64_t> dst(static_cast<std::size_t>(h * row), ~std::uint64_t{0});
        EXPECT_TRUE(pack_frame({c, h, w, src.data()}, {dst.data(), pixel, row}));
        for (std::int64_t y = 0; y < h; ++y)
          for (std::int64_t x = 0; x < w; ++x)
            for (std::int64_t i = 0; i < pixel * 64; ++i) {
              const bool expected = i < c && src[static_cast<std::size_t>((i * h + y) * w + x)] == 1.0F;
              ASSERT_EQ(dst[static_cast<std::size_t>(y * row + x * pixel + i / 64)] >> (i % 64) & 1U, expected);
            }
        std::vector<float> counts = src;
        counts[counts.size() / 2] = 2.0F;
        EXPECT_FALSE(pack_frame({c, h, w, counts.data()}, {dst.data(), pixel, row}));
        counts[counts.size() / 2] = std::nanf("");
        EXPECT_FALSE(pack_frame({c, h, w, counts.data()}, {dst.data(), pixel, row}));
      });
    }
}

}  // namespace
}  // namespace tern::kernels
