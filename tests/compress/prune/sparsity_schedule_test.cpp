#include "compress/prune/sparsity_schedule.hpp"

#include <gtest/gtest.h>

namespace tern::compress {
namespace {

TEST(SparsitySchedule, HandWorkedPoints) {
  const auto cubic = find_sparsity_schedule("cubic").sparsity, oneshot = find_sparsity_schedule("oneshot").sparsity;
  EXPECT_DOUBLE_EQ(cubic(0.0, 0.8), 0.0);
  EXPECT_DOUBLE_EQ(cubic(0.5, 0.8), 0.8 * 0.875);
  EXPECT_DOUBLE_EQ(cubic(1.0, 0.8), 0.8);
  EXPECT_DOUBLE_EQ(oneshot(0.0, 0.8), 0.8);
}

}  // namespace
}  // namespace tern::compress
