#include "compress/mixed/knapsack.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.hpp"

namespace tern::compress {
namespace {

std::int64_t cheapest(const KnapsackClass& choices) {
  return std::min_element(choices.begin(), choices.end(),
                          [](const KnapsackChoice& a, const KnapsackChoice& b) { return a.cost < b.cost; })
      ->cost;
}

/// Costs beyond each class's cheapest, in cells.
struct Cells {
  std::vector<std::vector<std::int64_t>> extra;
  std::int64_t count = 0;  ///< the budget
};

Cells divide_into_cells(const std::vector<KnapsackClass>& classes, std::int64_t slack, std::int64_t max_cells) {
  Cells cells;
  std::int64_t divisor = 0, most = 0;
  for (const auto& choices : classes) {
    const std::int64_t least = cheapest(choices);
    std::int64_t largest = 0;
    auto& extra = cells.extra.emplace_back();
    for (const auto& choice : choices) {
      extra.push_back(choice.cost - least);
      divisor = std::gcd(divisor, extra.back());
      largest = std::max(largest, extra.back());
    }
    most += largest;
  }
  slack = std::min(slack, most);
  divisor = std::max<std::int64_t>(divisor, 1);
  const std::int64_t width = slack / divisor <= max_cells ? divisor : (slack + max_cells - 1) / max_cells;
  for (auto& extra : cells.extra)
    for (auto& cost : extra) cost = (cost + width - 1) / width;
  cells.count = slack / width;
  return cells;
}

}  // namespace

std::int64_t smallest_cost(const std::vector<KnapsackClass>& classes) {
  std::int64_t sum = 0;
  for (const auto& choices : classes) sum += cheapest(choices);
  return sum;
}

KnapsackSolution solve_knapsack(const std::vector<KnapsackClass>& classes, std::int64_t budget,
                                std::int64_t max_cells) {
  const std::int64_t least = smallest_cost(classes);
  if (budget < least)
    fail(ErrorKind::usage, "knapsack", "a budget of {} is too small: the smallest possible is {}", budget, least);
  for (const auto& choices : classes)
    for (const auto& choice : choices)
      if (!std::isfinite(choice.loss)) fail(ErrorKind::bad_data, "knapsack", "a loss is NaN or infinite");

  const Cells cells = divide_into_cells(classes, budget - least, max_cells);
  const auto size = static_cast<std::size_t>(cells.count) + 1;
  std::vector<double> best(size, 0.0), next(size);  // smallest loss with at most so many cells
  std::vector<std::vector<std::uint8_t>> taken;
  for (std::size_t l = 0; l < classes.size(); ++l) {
    std::fill(next.begin(), next.end(), std::numeric_limits<double>::infinity());
    auto& row = taken.emplace_back(size);
    for (std::size_t k = 0; k < classes[l].size(); ++k) {
      const auto cost = static_cast<std::size_t>(cells.extra[l][k]);
      for (std::size_t c = cost; c < size; ++c) {
        const double loss = best[c - cost] + classes[l][k].loss;
        if (loss >= next[c]) continue;
        next[c] = loss;
        row[c] = static_cast<std::uint8_t>(k);
      }
    }
    best.swap(next);
  }

  KnapsackSolution solution;
  solution.chosen.resize(classes.size());
  auto left = static_cast<std::size_t>(std::find(best.begin(), best.end(), best.back()) - best.begin());
  for (std::size_t l = classes.size(); l-- > 0;) {
    const std::size_t k = taken[l][left];
    solution.chosen[l] = k;
    left -= static_cast<std::size_t>(cells.extra[l][k]);
  }
  for (std::size_t l = 0; l < classes.size(); ++l) {
    solution.cost += classes[l][solution.chosen[l]].cost;
    solution.loss += classes[l][solution.chosen[l]].loss;
  }
  return solution;
}

}  // namespace tern::compress
