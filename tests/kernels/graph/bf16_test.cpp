#include "kernels/graph/bf16.hpp"

#include <bit>
#include <cmath>
#include <limits>

#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

float through(float value) {
  std::uint16_t half = 0;
  float back = 0;
  to_bf16(1, &value, &half);
  from_bf16(1, &half, &back);
  return back;
}

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(through(1.0F), 1.0F);
  EXPECT_EQ(through(-0.0F), 0.0F);
  EXPECT_TRUE(std::signbit(through(-0.0F)));
  const float step = 1.0F / 128;  // between neighbours of 1
  EXPECT_EQ(through(1 + step), 1 + step);
  EXPECT_EQ(through(1 + step / 2), 1.0F);             // a tie goes to the even one
  EXPECT_EQ(through(1 + step * 1.5F), 1 + 2 * step);  // here that is the upper one
  EXPECT_EQ(through(1 + step * 0.51F), 1 + step);
  EXPECT_EQ(through(std::numeric_limits<float>::infinity()), std::numeric_limits<float>::infinity());
  EXPECT_EQ(through(std::numeric_limits<float>::max()), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(through(std::numeric_limits<float>::quiet_NaN())));
  EXPECT_TRUE(
      std::isnan(through(std::bit_cast<float>(0x7f800001U))));  // its payload lies in the lower half only
}

TEST(Bf16, ErrorIsAtMostHalfAStep) {
  for (const float value : normals(5000, 3, 0, 100))
    ASSERT_LE(std::abs(through(value) - value), std::abs(value) / 256) << value;
}

}  // namespace
}  // namespace tern::kernels
