// The two tables a study prints. Declared in table.hpp.
#include <cmath>

#include <fmt/format.h>

#include "report/table.hpp"

namespace tern::report {
namespace {

// "93.12" or, over several seeds, "93.12 +- 0.40"; the exact value is not printed (Audience::people).
Cell percent_cell(const Summary& summary) {
  Cell cell(100 * summary.mean, 2);
  if (summary.n > 1) cell.shown += fmt::format(" ± {:.2f}", 100 * summary.sd);
  return cell;
}

Cell significant(double number) {
  Cell cell(number, 0);
  if (std::isfinite(number)) cell.shown = fmt::format("{:.4g}", number);
  return cell;
}

Cell ratio_cell(double number, double of) { return of > 0 ? Cell(number / of, 3) : Cell(not_measured, 3); }

std::vector<Column> study_columns() {
  constexpr auto people = Audience::people;
  constexpr auto programs = Audience::programs;
  return {{"front", "on_front"},
          {"combination", "combination"},
          {"bits", "bits", true},
          {"sparsity %", "sparsity", true},
          {"zeros %", "zeros", true},
          {"validation %", "validation", true, people},
          {"", "validation_accuracy", true, programs},
          {"", "validation_accuracy_sd", true, programs},
          {"test %", "test", true, people},
          {"", "test_accuracy", true, programs},
          {"", "test_accuracy_sd", true, programs},
          {"energy mJ", "energy_mj", true},
          {"x baseline", "relative_energy", true},
          {"Mcycles", "cycles", true},
          {"bytes", "weight_bytes", true},
          {"seeds", "seeds", true}};
}

// People read a fraction as per cent; programs get the fraction.
Cell fraction_cell(double fraction, int decimals) {
  Cell cell(fraction, 3);
  cell.shown = Cell(100 * fraction, decimals).shown;
  return cell;
}

std::vector<Cell> study_row(const Group& group, double baseline_mj) {
  Cell front(group.on_front ? "*" : "");
  front.exact = group.on_front ? "true" : "false";
  Cell mcycles(group.cycles.mean, 0);
  mcycles.shown = Cell(group.cycles.mean / 1e6, 3).shown;
  return {front,
          group.combination,
          Cell(group.bits, 0),
          fraction_cell(group.sparsity, 0),
          fraction_cell(group.zeros.mean, 1),
          percent_cell(group.validation_accuracy),
          Cell(group.validation_accuracy.mean, 4),
          Cell(group.validation_accuracy.sd, 4),
          percent_cell(group.test_accuracy),
          Cell(group.test_accuracy.mean, 4),
          Cell(group.test_accuracy.sd, 4),
          significant(group.energy_mj.mean),
          ratio_cell(group.energy_mj.mean, baseline_mj),
          mcycles,
          Cell(group.weight_bytes.mean, 0),
          Cell(static_cast<double>(group.trials.size()), 0)};
}

}  // namespace

Table study_table(std::span<const Group> groups) {
  const auto baseline = baseline_of(groups);
  const double baseline_mj = baseline ? groups[*baseline].energy_mj.mean : not_measured;
  Table table{study_columns(), {}};
  for (const Group& group : groups) table.rows.push_back(study_row(group, baseline_mj));
  return table;
}

Table layer_table(const TrialRecord& trial) {
  Table table{{{"layer", "node"},
               {"bits", "bits", true},
               {"zeros %", "zeros", true},
               {"min", "min", true},
               {"max", "max", true},
               {"scale", "scale", true},
               {"weights", "weights", true},
               {"src density %", "src_density", true},
               {"energy pJ", "energy_pj", true},
               {"cycles", "cycles", true},
               {"encoding", "encoding"}},
              {}};
  for (const LayerRow& layer : trial.layers)
    table.rows.push_back({layer.node, Cell(layer.bits, 0), fraction_cell(layer.zeros, 1), significant(layer.min),
                          significant(layer.max), significant(layer.scale), Cell(static_cast<double>(layer.weights), 0),
                          fraction_cell(layer.src_density, 1), significant(layer.energy_pj), Cell(layer.cycles, 0),
                          layer.encoding});
  return table;
}

}  // namespace tern::report
