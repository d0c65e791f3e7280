#include "study/grid.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "compress/plan.hpp"

namespace tern::study {
namespace {

void add_once(std::vector<report::TrialSpec>& trials, report::TrialSpec trial) {
  const auto same = [&](const report::TrialSpec& other) { return other.key == trial.key; };
  if (std::none_of(trials.begin(), trials.end(), same)) trials.push_back(std::move(trial));
}

/// Canonical plan text of a combination; empty parts are left out.
std::string plan_text(const GridOptions& grid, const std::string& combination, int bits, double sparsity) {
  const std::string prune = fmt::format("prune:global={},{}", sparsity, grid.schedule);
  const std::string quantize = fmt::format("quantize:w={},{},{}", bits, grid.quantizer, grid.gradient);
  if (combination == "quantize") return compress::to_text(compress::parse_plan(quantize));
  if (combination == "prune") return compress::to_text(compress::parse_plan(prune));
  const char* glue = combination == "cumulative" ? " | " : " + ";
  return compress::to_text(compress::parse_plan(prune + glue + quantize));
}

void add_combination(std::vector<report::TrialSpec>& trials, const GridOptions& grid, const std::string& combination,
                     std::uint64_t seed) {
  if (combination == "quantize") {
    for (const int bits : grid.bits)
      add_once(trials, {fmt::format("quantize/w{}/seed{}", bits, seed), plan_text(grid, "quantize", bits, 0), "quantize",
                        bits, 0.0, seed});
  } else if (combination == "prune") {
    for (const double sparsity : grid.sparsity)
      if (sparsity > 0)
        add_once(trials, {fmt::format("prune/s{}/seed{}", sparsity, seed), plan_text(grid, "prune", 32, sparsity),
                          "prune", 32, sparsity, seed});
  } else {
    for (const int bits : grid.bits) {
      for (const double sparsity : grid.sparsity) {
        if (sparsity == 0) {
          GridOptions one = grid;
          one.bits = {bits};
          add_combination(trials, one, "quantize", seed);
          continue;
        }
        add_once(trials, {fmt::format("{}/w{}/s{}/seed{}", combination, bits, sparsity, seed),
                          plan_text(grid, combination, bits, sparsity), combination, bits, sparsity, seed});
      }
    }
  }
}

/// Bits and sparsity that a written-out plan asks for, for the table.
report::TrialSpec describe(const NamedPlan& plan, std::uint64_t seed) {
  report::TrialSpec spec{fmt::format("{}/seed{}", plan.name, seed), plan.plan, plan.name, 32, 0.0, seed};
  for (const auto& phase : compress::parse_plan(plan.plan).phases)
    for (const auto& step : phase.steps) {
      if (step.kind->name == "quantize") {
        spec.bits = step.options.integer("w");
        if (step.options.has("a")) spec.activation_bits = step.options.integer("a");
      }
      if (step.kind->name != "prune") continue;
      for (const char* scope : {"global", "local", "erk", "uniform"})
        if (step.options.knows(scope) && step.options.has(scope)) spec.sparsity = step.options.number(scope);
    }
  return spec;
}

}  // namespace

std::vector<report::TrialSpec> make_trials(const StudyConfig& config) {
  std::vector<report::TrialSpec> trials;
  for (const auto seed : config.seeds)
    add_once(trials, {fmt::format("baseline/seed{}", seed), "", "baseline", 32, 0.0, seed});
  for (const auto seed : config.seeds) {
    for (const auto& combination : config.grid.combinations)
      if (combination != "baseline") add_combination(trials, config.grid, combination, seed);
    for (const auto& plan : config.plans) add_once(trials, describe(plan, seed));
  }
  return trials;
}

const NamedPlan* find_plan(const StudyConfig& config, const report::TrialSpec& spec) {
  const auto found = std::find_if(config.plans.begin(), config.plans.end(),
                                  [&](const NamedPlan& plan) { return plan.name == spec.combination; });
  return found == config.plans.end() ? nullptr : &*found;
}

}  // namespace tern::study
