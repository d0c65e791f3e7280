#include "kernels/epilogue.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "kernels/each_isa.hpp"
#include "kernels/plain_epilogue.hpp"

namespace tern::kernels {
namespace {

/// Part i of an Epilogue is there where bit i is set.
OwnedEpilogue::Parts parts_of_bits(int bits) {
  const auto has = [bits](int i) { return (bits >> i & 1) != 0; };
  return {has(0), has(1), has(2), has(3), has(4), has(5), has(6), has(7)};
}

TEST(Epilogue, EveryChoiceOfPartsIsTheFormulaBitForBit) {
  constexpr std::int64_t h = 3, w = 5, channels = 37, acc_pixel = 40;
  Rng rng(1);
  std::vector<std::int32_t> sums(h * w * acc_pixel);
  for (auto& v : sums) v = static_cast<std::int32_t>(rng.below(40001)) - 20000;
  std::vector<float> float_sums(sums.size());
  for (auto& v : float_sums) v = static_cast<float>(rng.normal()) * 1e4F;
  for (int bits = 0; bits < 256; ++bits) {
    OwnedEpilogue own(h, w, channels, parts_of_bits(bits), static_cast<std::uint64_t>(bits), 1.3e-4F);
    each_isa([&] {
      const auto check = [&](const auto& from) {
        std::vector<float> floats;
        std::vector<std::uint8_t> codes;
        own.expect(
            [&](std::int64_t y, std::int64_t x, std::int64_t c) {
              return from[static_cast<std::size_t>((y * w + x) * acc_pixel + c)];
            },
            0, h, floats, codes);
        own.clear();
        for (std::int64_t y = 0; y < h; ++y)  // in parts: 2 and 3 pixels, 16 and 21 channels
          for (const auto& [x, count] : {std::pair{0, 2}, std::pair{2, 3}}) {
            const auto* const at = from.data() + (y * w + x) * acc_pixel;
            finish(own.epilogue, at, acc_pixel, y, x, count, 0, 16);
            finish(own.epilogue, at + 16, acc_pixel, y, x, count, 16, channels - 16);
          }
        EXPECT_EQ(own.floats, floats) << "parts " << bits;
        EXPECT_EQ(own.codes, codes) << "parts " << bits;
      };
      check(sums);
      check(float_sums);
    });
  }
}

TEST(Epilogue, CodesRoundTiesToEvenAndStayInRange) {
  std::vector<float> values{0.5F,  1.5F,   2.5F,        -0.5F,  -1.5F,   254.5F,  255.5F,
                            1e30F, -1e30F, 0.49999997F, 126.5F, -127.5F, -128.5F, 127.0F};
  const std::vector<std::uint8_t> want{128, 130, 130, 128, 126, 255, 255, 255, 0, 128, 254, 0, 0, 255};
  each_isa([&] {
    std::vector<std::uint8_t> codes(values.size());
    Epilogue e;
    e.channels = static_cast<std::int64_t>(values.size());
    e.codes = {codes.data(), e.channels, e.channels};
    e.low = -128;
    e.high = 127;
    e.offset = 128;
    finish(e, values.data(), e.channels, 0, 0, 1, 0, e.channels);
    EXPECT_EQ(codes, want);
  });
}

TEST(Epilogue, LargeSumsBecomeTheNearestFloat) {
  const std::vector<std::int32_t> sums{16777217, -16777217, 16777219, 2147483647, -2147483647 - 1, 0, 1};
  each_isa([&] {
    std::vector<float> floats(sums.size());
    Epilogue e;
    e.channels = static_cast<std::int64_t>(sums.size());
    e.floats = {floats.data(), e.channels, e.channels};
    finish(e, sums.data(), e.channels, 0, 0, 1, 0, e.channels);
    EXPECT_EQ(floats, (std::vector<float>{16777216.0F, -16777216.0F, 16777220.0F, 2147483648.0F,
                                          -2147483648.0F, 0, 1}));
  });
}

}  // namespace
}  // namespace tern::kernels
