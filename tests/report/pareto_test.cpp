#include "report/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "synthetic.hpp"

namespace tern::report {
namespace {

bool dominates(const Point& q, const Point& p) {
  return q.cost <= p.cost && q.accuracy >= p.accuracy && (q.cost < p.cost || q.accuracy > p.accuracy);
}

std::vector<std::size_t> brute_force(const std::vector<Point>& points) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i)
    if (std::none_of(points.begin(), points.end(), [&](const Point& q) { return dominates(q, points[i]); }))
      front.push_back(i);
  std::stable_sort(front.begin(), front.end(),
                   [&](auto a, auto b) { return points[a].cost < points[b].cost; });
  return front;
}

TEST(ParetoTest, ByHand) {
  //                                  dominated by 2   front       front       equal to 2   dominated
  const std::vector<Point> points = {{3, 0.90}, {4, 0.95}, {2, 0.90}, {2, 0.90}, {4, 0.94}, {9, 0.95}};
  EXPECT_EQ(pareto_front(points), (std::vector<std::size_t>{2, 3, 1}));
  EXPECT_TRUE(pareto_front({}).empty());
}

TEST(ParetoTest, EqualsBruteForceOnRandomPointsWithTies) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Rng rng(seed);
    std::vector<Point> points(rng.below(40));
    for (Point& point : points)
      point = {static_cast<double>(rng.below(9)), static_cast<double>(rng.below(9))};
    ASSERT_EQ(pareto_front(points), brute_force(points)) << "seed " << seed;
  }
}

TEST(ParetoTest, InfiniteEnergyIsANumberAndNanIsNot) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(pareto_front(std::vector<Point>{{infinity, 1}, {1, 0.5}}), (std::vector<std::size_t>{1, 0}));
  EXPECT_THROW(pareto_front(std::vector<Point>{{1, 1}, {not_measured, 1}}), Error);
  EXPECT_THROW(pareto_front(std::vector<Point>{{1, not_measured}}), Error);
}

TEST(ParetoTest, SummaryByHand) {
  const double values[] = {2, 4, not_measured, 6};
  const Summary summary = summarise(values);
  EXPECT_EQ(summary.n, 3u);
  EXPECT_EQ(summary.mean, 4);
  EXPECT_EQ(summary.sd, 2);
  EXPECT_TRUE(std::isnan(summarise(std::span(values, 1)).sd));
  EXPECT_TRUE(std::isnan(summarise({}).mean));
}

TEST(ParetoTest, GroupsDifferInNothingButTheSeed) {
  auto trials = synthetic_trials();
  trials[1].status = "failed";
  const auto groups = group_trials(trials);
  EXPECT_EQ(groups.size(), 25u);
  std::size_t seen = 0;
  for (const Group& group : groups) {
    seen += group.trials.size();
    for (const std::size_t i : group.trials) {
      EXPECT_EQ(trials[i].combination, group.combination);
      EXPECT_EQ(trials[i].bits, group.bits);
      EXPECT_EQ(trials[i].sparsity, group.sparsity);
      EXPECT_NE(i, 1u);
    }
  }
  EXPECT_EQ(seen, trials.size() - 1);
}

// Scores of the best epoch or trial on test are no scores.
TEST(ParetoTest, Pitfall21TestAccuracyNeverSelects) {
  auto trials = synthetic_trials();
  const auto before = group_trials(trials);
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    Rng rng(seed);
    auto permuted = trials;
    const auto order = permutation(static_cast<std::int64_t>(trials.size()), rng);
    for (std::size_t i = 0; i < trials.size(); ++i)
      permuted[i].test_accuracy =
          seed % 10 == 0 ? not_measured : trials[static_cast<std::size_t>(order[i])].test_accuracy;
    const auto after = group_trials(permuted);
    ASSERT_EQ(after.size(), before.size());
    for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(after[i].on_front, before[i].on_front) << seed;
    EXPECT_EQ(cheapest_within(after, 0.01), cheapest_within(before, 0.01));
    EXPECT_EQ(baseline_of(after), baseline_of(before));
  }
}

TrialRecord finished(const char* combination, int bits, double accuracy, double energy_mj) {
  TrialRecord trial;
  trial.combination = combination;
  trial.status = "done";
  trial.bits = bits;
  trial.sparsity = bits < 32 ? 0.8 : 0;
  trial.validation_accuracy = accuracy;
  trial.test_accuracy = accuracy - 0.01;
  trial.energy_mj = energy_mj;
  return trial;
}

TEST(ParetoTest, CheapestWithinTolerance) {
  std::vector<TrialRecord> trials{finished("joint", 2, 0.92, 1)};
  EXPECT_FALSE(cheapest_within(group_trials(trials), 0.01)) << "no baseline";
  trials.push_back(finished("baseline", 32, 0.93, 8));
  trials.push_back(finished("cumulative", 2, 0.919, 0.5));
  trials.push_back(finished("prune", 32, 0.95, 2));
  const auto groups = group_trials(trials);
  EXPECT_EQ(cheapest_within(groups, 0.01), 0u) << "exactly one point below counts";
  EXPECT_EQ(cheapest_within(groups, 0.02), 2u);
  EXPECT_EQ(cheapest_within(groups, 0), 3u);
}

TEST(ParetoTest, ActivationBitsSeparateGroups) {
  std::vector<TrialRecord> trials{finished("quantize", 4, 0.9, 1), finished("quantize", 4, 0.8, 1)};
  trials[1].activation_bits = 8;
  const auto groups = group_trials(trials);
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(name_of(groups[0]), "quantize, 4 bit, 80 % zeros");
  EXPECT_EQ(name_of(groups[1]), "quantize, 4/8 bit, 80 % zeros");
  EXPECT_EQ(bits_of(groups[0]), "4/32");
  Group mixed;
  mixed.activation_bits = 8;
  EXPECT_EQ(bits_of(mixed), "mixed/8");
}

TEST(ParetoTest, EveryFigureIsAveraged) {
  std::vector<TrialRecord> trials{finished("joint", 4, 0.9, 1), finished("joint", 4, 0.9, 1)};
  double value = 1;
  for (TrialRecord& trial : trials)
    for (auto field : {&TrialRecord::nonzeros, &TrialRecord::file_bytes, &TrialRecord::macs,
                       &TrialRecord::bit_operations, &TrialRecord::train_seconds})
      trial.*field = value++;
  const Group group = group_trials(trials).at(0);
  EXPECT_EQ(group.nonzeros.mean, 3.5);
  EXPECT_EQ(group.file_bytes.mean, 4.5);
  EXPECT_EQ(group.macs.mean, 5.5);
  EXPECT_EQ(group.bit_operations.mean, 6.5);
  EXPECT_EQ(group.train_seconds.mean, 7.5);
}

TEST(ParetoTest, ComparesWithTheBaselineSeedBySeed) {
  std::vector<TrialRecord> trials;
  const auto add = [&](const char* combination, int bits, std::uint64_t seed, double test) {
    trials.push_back(finished(combination, bits, 0.9, 1));
    trials.back().seed = seed;
    trials.back().test_accuracy = test;
  };
  add("baseline", 32, 1, 0.90);
  add("baseline", 32, 2, 0.80);
  add("joint", 2, 2, 0.79);
  add("joint", 2, 1, 0.87);
  add("joint", 2, 3, 0.10);  // a seed without a baseline
  add("baseline", 8, 1, 0.91);
  const auto groups = group_trials(trials);
  EXPECT_EQ(groups[0].vs_baseline.n, 0u);
  EXPECT_EQ(groups[1].vs_baseline.n, 2u);
  EXPECT_NEAR(groups[1].vs_baseline.mean, -0.02, 1e-12);
  EXPECT_NEAR(groups[1].vs_baseline.sd, std::sqrt(2) * 0.01, 1e-12) << "of -0.03 and -0.01, not of the accuracies";
  EXPECT_NEAR(groups[2].vs_baseline.mean, 0.01, 1e-12);
  EXPECT_TRUE(std::isnan(group_trials(std::span(trials).subspan(2, 3))[0].vs_baseline.mean)) << "no baseline";
}

TEST(ParetoTest, EachCostHasItsFront) {
  std::vector<TrialRecord> trials{finished("baseline", 32, 0.93, 8), finished("prune", 32, 0.92, 4),
                                  finished("joint", 2, 0.91, 5)};
  trials[0].file_bytes = 100;
  trials[2].file_bytes = 10;
  const auto groups = group_trials(trials);
  EXPECT_EQ(front_by(groups, &Group::energy_mj), (std::vector<std::size_t>{1, 0}));
  EXPECT_EQ(front_by(groups, &Group::file_bytes), (std::vector<std::size_t>{2, 0})) << "prune was not measured";
  EXPECT_TRUE(front_by(groups, &Group::macs).empty());
  EXPECT_FALSE(groups[2].on_front);
}

TEST(ParetoTest, FindingNamesThePlanAndComparesJointWithCumulative) {
  std::vector<TrialRecord> trials{finished("baseline", 32, 0.93, 0.008)};
  EXPECT_EQ(finding(group_trials(trials), 0.01),
            "No plan stays within 1 point of the baseline's validation accuracy (93.0 %) for less energy.");
  trials.push_back(finished("cumulative", 2, 0.90, 0.002));
  trials.push_back(finished("joint", 2, 0.925, 0.002));
  EXPECT_EQ(finding(group_trials(trials), 0.01),
            "Joint, 2 bit, 80 % zeros needs the least energy within 1 point of the baseline: 2 µJ a sample, "
            "4.0 times less "
            "energy than the baseline, at 92.5 % validation accuracy, test 91.5 % (baseline 93.0 %, test "
            "92.0 %). At equal "
            "bits and sparsity, joint compression is more accurate than cumulative in 1 of 1 pair (+2.5 "
            "points on average).");
  EXPECT_NE(finding({}, 0.01).find("no finished baseline"), std::string::npos);
}

}  // namespace
}  // namespace tern::report
