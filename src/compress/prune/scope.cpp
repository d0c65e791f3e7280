#include "compress/prune/scope.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"

namespace tern::compress {
namespace {

double elements(const Extents& layer) {
  return static_cast<double>(
      std::accumulate(layer.begin(), layer.end(), std::int64_t{1}, std::multiplies<>()));
}

double total(const std::vector<Extents>& layers) {
  double sum = 0;
  for (const auto& layer : layers) sum += elements(layer);
  return sum;
}

std::vector<double> local(const std::vector<Extents>& layers, double sparsity) {
  return std::vector<double>(layers.size(), 1.0 - sparsity);
}

std::vector<double> uniform(const std::vector<Extents>& layers, double sparsity) {
  if (layers.empty()) return {};
  const double all = total(layers), first = elements(layers[0]);
  const double density = ((1.0 - sparsity) * all - first) / std::max(all - first, 1.0);
  if (density <= 0.0 && sparsity > 0.0)
    fail(ErrorKind::usage, "prune",
         "scope uniform keeps the first layer dense, which is {:.1f}% of the weights: sparsity must stay "
         "below {:.3f} (or use scope local)",
         100 * first / all, 1.0 - first / all);
  std::vector<double> densities(layers.size(), density);
  densities[0] = 1.0;
  return densities;
}

std::vector<double> erk(const std::vector<Extents>& layers, double sparsity) {
  std::vector<double> raw;
  for (const auto& layer : layers)
    raw.push_back(static_cast<double>(std::accumulate(layer.begin(), layer.end(), std::int64_t{0})) /
                  elements(layer));
  std::vector<double> densities(layers.size(), 0.0);
  while (true) {
    double budget = (1.0 - sparsity) * total(layers), sum = 0;
    for (std::size_t l = 0; l < layers.size(); ++l)
      (densities[l] == 1.0 ? budget : sum) +=
          densities[l] == 1.0 ? -elements(layers[l]) : raw[l] * elements(layers[l]);
    const double epsilon = sum > 0 ? budget / sum : 0.0;
    bool all_fit = true;
    for (std::size_t l = 0; l < layers.size(); ++l) {
      if (densities[l] == 1.0) continue;
      densities[l] = std::min(1.0, epsilon * raw[l]);
      all_fit = all_fit && densities[l] < 1.0;
    }
    if (all_fit || sum == 0) return densities;
  }
}

}  // namespace

const std::vector<ScopeRow>& scope_table() {
  static const std::vector<ScopeRow> table{
      {{"global", "scores of all layers are compared with one another", "Han et al. 2015", {}}, nullptr},
      {{"local", "the same sparsity in every layer", "Han et al. 2015", {}}, local},
      {{"uniform",
        "the same sparsity in every layer but the first, which stays dense",
        "Evci et al. 2020, Rigging the Lottery",
        {}},
       uniform},
      {{"erk",
        "Erdos-Renyi-Kernel: density proportional to sum / product of a layer's extents",
        "Evci et al. 2020, Rigging the Lottery",
        {}},
       erk},
  };
  return table;
}

const ScopeRow& find_scope(std::string_view name) {
  return find_method(scope_table(), "scope", name,
                     [](const ScopeRow& row) -> const MethodInfo& { return row.info; });
}

std::vector<std::int64_t> zeros_by_layer(const ScopeRow& row, const std::vector<Extents>& layers,
                                         double sparsity) {
  const auto densities = row.densities(layers, sparsity);
  std::vector<std::int64_t> zeros;
  double wanted = 0;
  std::int64_t given = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    wanted += (1.0 - densities[l]) * elements(layers[l]);
    // The last layer takes the rounding of all, so that the sum is exact.
    const double upto = l + 1 == layers.size() ? sparsity * total(layers) : wanted;
    zeros.push_back(
        std::clamp<std::int64_t>(std::llround(upto) - given, 0, std::llround(elements(layers[l]))));
    given += zeros.back();
  }
  return zeros;
}

}  // namespace tern::compress
