// The multiple-choice knapsack: one choice of each class, the smallest loss within a budget.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tern::compress {

struct KnapsackChoice {
  std::int64_t cost = 0;  ///< not negative
  double loss = 0;        ///< finite
};
/// Its choices, at most 255.
using KnapsackClass = std::vector<KnapsackChoice>;

struct KnapsackSolution {
  std::vector<std::size_t> chosen;  ///< by class
  std::int64_t cost = 0;
  double loss = 0;
};

/// The sum of each class's cheapest.
std::int64_t smallest_cost(const std::vector<KnapsackClass>& classes);

/// min sum loss subject to sum cost <= budget, by dynamic programming over the budget beyond the smallest cost. Its cells
/// are as wide as the greatest common divisor of the cost differences, which is exact; where that makes more than
/// `max_cells`, they are wider and costs are rounded up to them, so that the budget holds all the same. Of equal losses
/// the cheapest is taken, then the choice listed first. Time O(classes * choices * cells), one byte for each class and
/// cell. Errors: ErrorKind::usage, place "knapsack", for a budget below smallest_cost(), which it names;
/// ErrorKind::bad_data for a loss that is NaN or infinite. REQUIRES: no class is empty, max_cells >= 1.
/// Source: Kellerer, Pferschy and Pisinger 2004, Knapsack Problems, section 11.5.
KnapsackSolution solve_knapsack(const std::vector<KnapsackClass>& classes, std::int64_t budget,
                                std::int64_t max_cells = std::int64_t{1} << 18);

}  // namespace tern::compress
