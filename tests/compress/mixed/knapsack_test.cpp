#include "compress/mixed/knapsack.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::compress {
namespace {

/// Losses are whole numbers, so that sums are exact in any order.
std::vector<KnapsackClass> random_classes(Rng& rng) {
  std::vector<KnapsackClass> classes(1 + rng.below(5));
  const std::int64_t step = static_cast<std::int64_t>(1 + rng.below(7));
  for (auto& choices : classes)
    for (std::uint64_t k = 0; k < 1 + rng.below(4) || k == 0; ++k)
      choices.push_back({step * static_cast<std::int64_t>(rng.below(30)), static_cast<double>(rng.below(20))});
  return classes;
}

/// Smallest {loss, cost} within the budget, by trying all.
std::pair<double, std::int64_t> enumerate(const std::vector<KnapsackClass>& classes, std::int64_t budget, std::size_t l = 0) {
  constexpr double none = std::numeric_limits<double>::infinity();
  if (l == classes.size()) return budget >= 0 ? std::pair{0.0, std::int64_t{0}} : std::pair{none, std::int64_t{0}};
  std::pair best{none, std::int64_t{0}};
  for (const auto& choice : classes[l]) {
    auto rest = enumerate(classes, budget - choice.cost, l + 1);
    best = std::min(best, {rest.first + choice.loss, rest.second + choice.cost});
  }
  return best;
}

TEST(Knapsack, EqualsEnumerationAndKeepsTheBudget) {
  Rng rng(1);
  for (int trial = 0; trial < 500; ++trial) {
    const auto classes = random_classes(rng);
    const std::int64_t budget = smallest_cost(classes) + static_cast<std::int64_t>(rng.below(150));
    const KnapsackSolution solution = solve_knapsack(classes, budget);
    const auto [loss, cost] = enumerate(classes, budget);
    EXPECT_EQ(solution.loss, loss) << trial;
    EXPECT_EQ(solution.cost, cost) << trial << ": the cheapest of equal losses";
    EXPECT_LE(solution.cost, budget);
    const KnapsackSolution coarse = solve_knapsack(classes, budget, 8);
    EXPECT_LE(coarse.cost, budget) << "wide cells keep the budget too";
    EXPECT_GE(coarse.loss, loss);
  }
}

TEST(Knapsack, TiesTakeTheCheapestThenTheFirst) {
  EXPECT_EQ(solve_knapsack({{{5, 1}, {3, 1}, {3, 1}}}, 100).chosen, std::vector<std::size_t>{1});
}

TEST(Knapsack, NamesTheSmallestBudget) {
  const std::vector<KnapsackClass> classes{{{4, 1}, {9, 0}}, {{3, 1}}};
  EXPECT_EQ(solve_knapsack(classes, 7).cost, 7);
  try {
    solve_knapsack(classes, 6);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("smallest possible is 7"), std::string::npos) << error.what();
  }
  EXPECT_THROW(solve_knapsack({{{1, std::numeric_limits<double>::quiet_NaN()}}}, 5), Error);
}

}  // namespace
}  // namespace tern::compress
