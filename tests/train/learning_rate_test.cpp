#include "train/learning_rate.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::train {
namespace {

TEST(LearningRate, WarmsUpThenFallsAlongACosine) {
  const LearningRateOptions options{"cosine", 1.0, 0.2};
  EXPECT_DOUBLE_EQ(learning_rate(options, 0, 10), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(options, 1, 10), 1.0);
  EXPECT_DOUBLE_EQ(learning_rate(options, 2, 10), 1.0);
  EXPECT_NEAR(learning_rate(options, 6, 10), 0.5, 1e-12);
  EXPECT_LT(learning_rate(options, 9, 10), 0.05);
  EXPECT_DOUBLE_EQ(learning_rate({"constant", 0.3, 0.0}, 7, 10), 0.3);
  EXPECT_THROW(learning_rate({"cosin", 0.3, 0.0}, 7, 10), Error);
}

}  // namespace
}  // namespace tern::train
