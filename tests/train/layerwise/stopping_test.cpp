#include "train/layerwise/stopping.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::train {
namespace {

RunHistory layer_of(std::vector<double> losses) {
  return {{{9, 9}, std::move(losses)}, true};
}

TEST(Stopping, ScheduleAsksBetweenTheFirstAndTheLastEpoch) {
  const LayerSchedule schedule{2, 40, 10, 15};
  std::vector<int> asked;
  for (int epoch = 1; epoch <= 40; ++epoch)
    if (schedule.decides_at(epoch)) asked.push_back(epoch);
  EXPECT_EQ(asked, (std::vector<int>{20, 30}));  // 10 is too early, 40 is the end anyway
  EXPECT_EQ(schedule.decisions_per_layer(), 3);
  EXPECT_EQ((LayerSchedule{2, 41, 10, 0}).decisions_per_layer(), 4);
  EXPECT_EQ((LayerSchedule{2, 10, 10, 0}).decisions_per_layer(), 0);
}

TEST(Stopping, HistoryCountsEpochs) {
  const RunHistory history{{{3, 2}, {1.5, 1, 0.5}}, false};
  EXPECT_EQ(history.epochs(), 5);
  EXPECT_EQ(history.first_loss(), 3);
  EXPECT_EQ(history.last_loss(), 0.5);
}

TEST(Stopping, PlateauByHand) {
  const PlateauStop rule({0.1, 2}, 2);
  EXPECT_FALSE(rule.stop(layer_of({1, 1})));
  EXPECT_FALSE(rule.stop(layer_of({1, 1, 0.95, 0.95})));             // once without 10 %
  EXPECT_TRUE(rule.stop(layer_of({1, 1, 0.95, 0.95, 0.92, 0.92})));  // twice
  EXPECT_FALSE(rule.stop(layer_of({1, 1, 0.95, 0.95, 0.8, 0.8})));   // better than 0.9: counts anew
  EXPECT_FALSE(rule.stop(layer_of({1, 1, 0.95, 0.95, 0.8, 0.8, 0.79, 0.79})));
  EXPECT_TRUE(rule.stop(layer_of({1, 1, 0.95, 0.95, 0.8, 0.8, 0.79, 0.79, 0.81, 0.81})));
  EXPECT_TRUE(rule.stop(layer_of({1, 1, 0.5, 1.5, 1.5, 0.5})));  // means of decisions, not single epochs
}

TEST(Stopping, PlateauLooksAtItsOwnLayerOnly) {
  const PlateauStop rule({0.1, 1}, 1);
  EXPECT_FALSE(rule.stop({{{0.1, 0.1, 0.1}, {5}}, true}));
  EXPECT_TRUE(rule.stop({{{0.1, 0.1, 0.1}, {5, 5}}, true}));
}

TEST(Stopping, ValidationByHand) {
  const ValidationStop rule(2);
  const auto stops = [&](const std::vector<double>& losses) {
    RunHistory history{{{1}, std::vector<double>(losses.size(), 1)}, true, {{{}}, {}}};
    for (const double loss : losses) history.scores.back().push_back({0, loss, 0});
    return rule.stop(history);
  };
  EXPECT_FALSE(stops({1}));
  EXPECT_FALSE(stops({1, 2}));
  EXPECT_TRUE(stops({1, 2, 2}));
  EXPECT_FALSE(stops({1, 2, 0.9, 1}));
  EXPECT_TRUE(stops({1, 1, 1}));  // equal is no fall
}

TEST(Stopping, RefusesOptionsOutOfRange) {
  EXPECT_THROW(ValidationStop(0), Error);
  EXPECT_THROW(PlateauStop({-0.1, 1}, 1), Error);
  EXPECT_THROW(PlateauStop({0.1, 0}, 1), Error);
  EXPECT_THROW(PlateauStop({0.1, 1}, 0), Error);
}

}  // namespace
}  // namespace tern::train
