#include "study/grid.hpp"

#include <set>

#include <gtest/gtest.h>

namespace tern::study {
namespace {

TEST(Grid, BaselinesFirstAndNothingTwice) {
  StudyConfig config;
  GridOptions& grid = config.grid;
  grid.bits = {2, 4};
  grid.sparsity = {0.0, 0.8};
  config.seeds = {1, 2};
  const auto trials = make_trials(config);
  EXPECT_EQ(trials[0].key, "baseline/seed1");
  EXPECT_EQ(trials[1].key, "baseline/seed2");
  std::set<std::string> keys;
  for (const auto& trial : trials) EXPECT_TRUE(keys.insert(trial.key).second) << trial.key;
  // per seed: baseline, 2 quantize, 1 prune, 2 cumulative, 2 joint
  EXPECT_EQ(trials.size(), 16U);
  for (const auto& trial : trials)
    if (trial.key == "cumulative/w2/s0.8/seed1") {
      EXPECT_EQ(trial.plan, "prune:global=0.8,oneshot | quantize:w=2,duq,ewgs");
    }
  EXPECT_TRUE(keys.count("joint/w4/s0.8/seed2"));
}

}  // namespace
}  // namespace tern::study
