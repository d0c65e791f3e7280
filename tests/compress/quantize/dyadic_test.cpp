#include "compress/quantize/dyadic.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::compress {
namespace {

constexpr CodeRange wide{-(std::int64_t{1} << 62), std::int64_t{1} << 62};

// 64 bits of mantissa hold sum * m + 2^(e-1) exactly.
TEST(Dyadic, EqualsExactArithmetic) {
  Rng rng(1);
  for (int i = 0; i < 20000; ++i) {
    const double factor = std::exp2(-34 + 60 * rng.uniform());
    const Dyadic dyadic = to_dyadic(factor);
    const std::int64_t sum = static_cast<std::int64_t>(rng.below(std::uint64_t{1} << 32)) - (std::int64_t{1} << 31);
    const long double exact = std::ldexp(static_cast<long double>(sum) * static_cast<long double>(dyadic.multiplier), -dyadic.shift);
    const std::int64_t got = requantize(sum, dyadic, 0, wide);
    EXPECT_EQ(got, static_cast<std::int64_t>(std::floor(exact + 0.5L))) << sum << " * " << factor;
    const long double real = static_cast<long double>(sum) * static_cast<long double>(factor);
    EXPECT_LE(std::abs(static_cast<long double>(got) - real), 0.5L + std::ldexp(std::abs(real), -31));
  }
}

TEST(Dyadic, Pitfall15TiesGoUpAndClampingFollowsRounding) {
  const Dyadic half = to_dyadic(0.5);
  EXPECT_EQ(half.multiplier, std::int64_t{1} << 30);
  EXPECT_EQ(half.shift, 31);
  const std::int64_t expected[] = {-2, -1, -1, 0, 0, 1, 1, 2, 2};  // of -4 .. 4 halves, -1.5 to -1, 0.5 to 1
  for (int sum = -4; sum <= 4; ++sum) EXPECT_EQ(requantize(sum, half, 0, wide), expected[sum + 4]) << sum;
  const CodeRange int8{-128, 127};
  EXPECT_EQ(requantize(255, half, 0, int8), 127);
  EXPECT_EQ(requantize(-257, half, 0, int8), -128);
  EXPECT_EQ(requantize(253, half, -3, int8), 124);
  EXPECT_EQ(requantize(2147483647, to_dyadic(1.0), 0, int8), 127);
  EXPECT_EQ(requantize(-2147483648LL, to_dyadic(1.0), 0, int8), -128);
  EXPECT_EQ(requantize(-2147483648LL, to_dyadic(0x1p-40), 5, int8), 5);
  EXPECT_THROW(requantize(2147483648LL, half, 0, int8), Error);
  EXPECT_THROW(requantize(1, to_dyadic(0x1p31), 0, int8), Error);
}

TEST(Dyadic, Pitfall13AddBringsBothBranchesToOneScale) {
  // 10 * 0.5 + 7 * 0.25 at scale 1: 5 + round(1.75) - 1.
  EXPECT_EQ(requantize_add(10, to_dyadic(0.5), 7, to_dyadic(0.25), -1, {-128, 127}), 6);
  EXPECT_EQ(requantize_add(100, to_dyadic(1.0), 100, to_dyadic(1.0), 0, {-128, 127}), 127);
}

}  // namespace
}  // namespace tern::compress
