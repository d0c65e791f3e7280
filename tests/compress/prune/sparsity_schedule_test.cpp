#include "compress/prune/sparsity_schedule.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::compress {
namespace {

double at(const char* name, double progress, ScheduleOptions options) {
  return find_sparsity_schedule(name).sparsity(progress, options);
}

TEST(SparsitySchedule, CubicIsTheFormulaOverThreeQuartersOfThePhase) {
  EXPECT_DOUBLE_EQ(at("cubic", 0.0, {0.8}), 0.0);
  EXPECT_DOUBLE_EQ(at("cubic", 0.375, {0.8}), 0.8 * 0.875);
  EXPECT_NEAR(at("cubic", 0.25, {0.9}), 0.9 * (1 - std::pow(2.0 / 3.0, 3)), 1e-12);
  EXPECT_DOUBLE_EQ(at("cubic", 0.75, {0.8}), 0.8);
  EXPECT_DOUBLE_EQ(at("cubic", 1.0, {0.8}), 0.8);
}

// Density 0.064 = 0.4^3 in three rounds: 0.4, 0.16, 0.064.
TEST(SparsitySchedule, IterativeTakesTheSameShareEveryRound) {
  const ScheduleOptions options{0.936, 3};
  EXPECT_NEAR(at("iterative", 0.0, options), 0.6, 1e-12);
  EXPECT_NEAR(at("iterative", 0.33, options), 0.6, 1e-12);
  EXPECT_NEAR(at("iterative", 1.0 / 3, options), 0.84, 1e-12);
  EXPECT_DOUBLE_EQ(at("iterative", 2.0 / 3, options), 0.936);
  EXPECT_DOUBLE_EQ(at("iterative", 1.0, options), 0.936);
}

TEST(SparsitySchedule, LotteryHasADenseRoundFirst) {
  const ScheduleOptions options{0.936, 3};
  EXPECT_EQ(at("lottery", 0.0, options), 0.0);
  EXPECT_EQ(at("lottery", 0.166, options), 0.0);
  EXPECT_NEAR(at("lottery", 1.0 / 6, options), 0.6, 1e-12);
  EXPECT_NEAR(at("lottery", 1.0 / 3, options), 0.84, 1e-12);
  EXPECT_DOUBLE_EQ(at("lottery", 0.5, options), 0.936);
}

TEST(SparsitySchedule, DenseAndSparseByTurns) {
  EXPECT_EQ(at("dsd", 0.3, {0.5}), 0.0);
  EXPECT_EQ(at("dsd", 1.0 / 3, {0.5}), 0.5);
  EXPECT_EQ(at("dsd", 2.0 / 3, {0.5}), 0.0);
  for (const auto& [progress, expected] :
       {std::pair{0.1, 0.0}, {0.25, 0.5}, {0.5, 0.0}, {0.75, 0.5}, {1.0, 0.5}})
    EXPECT_EQ(at("acdc", progress, {0.5, 2}), expected) << progress;
}

// Cut into any number of parts, a part starts at the step that the division gives, rounding errors or not.
TEST(SparsitySchedule, RoundsStartAtTheirStep) {
  for (int rounds = 1; rounds <= 60; ++rounds)
    for (int round = 1; round < rounds; ++round) {
      const ScheduleOptions options{0.9, rounds};
      const int num_steps = 7 * rounds, step = 7 * round;
      EXPECT_LT(at("iterative", (step - 1.0) / num_steps, options),
                at("iterative", step / double(num_steps), options));
    }
}

TEST(SparsitySchedule, AllLieBetweenZeroAndTheTarget) {
  for (const auto& row : sparsity_schedule_table())
    for (int i = 0; i <= 100; ++i) {
      const double sparsity = row.sparsity(i / 100.0, {0.7, 4});
      EXPECT_GE(sparsity, 0.0) << row.info.name;
      EXPECT_LE(sparsity, 0.7) << row.info.name;
    }
  EXPECT_THROW(find_sparsity_schedule("qubic"), Error);
}

}  // namespace
}  // namespace tern::compress
