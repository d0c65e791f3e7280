#include "compress/mixed/assign.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "compress/mixed/knapsack.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

double quantization_error(const learn::Parameter& parameter, const learn::WeightQuantizer& quantizer) {
  const c10::NoGradGuard no_grad;
  const at::Tensor weight = parameter.masked();
  at::Tensor error = quantizer.integers(weight).values(weight.sizes()) - weight;
  if (parameter.mask.defined()) error = error * parameter.mask;
  return error.square().sum(at::kDouble).item<double>();
}

double sensitivity_of(const TraceEstimate& trace, std::int64_t num_weights, double squared_error) {
  return std::abs(trace.trace) / static_cast<double>(std::max<std::int64_t>(1, num_weights)) * squared_error;
}

void check_budget(const CostTable& table, std::int64_t budget) {
  std::int64_t smallest = table.fixed;
  for (const auto& [name, costs] : table.costs) smallest += *std::min_element(costs.begin(), costs.end());
  if (budget >= smallest) return;
  fail(ErrorKind::usage, "plan", "mixed: {:.6g}{} are too few: the smallest possible is {:.6g}{}, a fraction of {:.4g}",
       static_cast<double>(budget) / table.costs_per_unit, table.unit,
       static_cast<double>(smallest) / table.costs_per_unit, table.unit,
       static_cast<double>(smallest) / static_cast<double>(table.reference));
}

BitAssignment assign_bits(const std::vector<LayerSensitivity>& layers, const CostTable& table, std::int64_t budget) {
  check_budget(table, budget);
  std::vector<KnapsackClass> classes;
  for (const auto& layer : layers) {
    const auto& costs = table.costs.at(layer.name);
    auto& choices = classes.emplace_back();
    for (std::size_t k = 0; k < layer.of_choices.size(); ++k) choices.push_back({costs.at(k), layer.of_choices[k]});
  }
  const KnapsackSolution solution = solve_knapsack(classes, budget - table.fixed);
  return {solution.chosen, solution.cost + table.fixed, solution.loss};
}

}  // namespace tern::compress
