// The two tables a study prints. Declared in table.hpp.
#include <algorithm>
#include <cmath>
#include <cstddef>

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
          {"bits w/a", "bits_text", true, people},
          {"", "bits", true, programs},
          {"", "activation_bits", true, programs},
          {"sparsity %", "sparsity", true},
          {"zeros %", "zeros", true},
          {"non-zeros", "nonzeros", true},
          {"file bytes", "file_bytes", true},
          {"MMACs", "macs", true},
          {"GBOPs", "bit_operations", true},
          {"validation %", "validation", true, people},
          {"", "validation_accuracy", true, programs},
          {"", "validation_accuracy_sd", true, programs},
          {"test %", "test", true, people},
          {"", "test_accuracy", true, programs},
          {"", "test_accuracy_sd", true, programs},
          {"vs baseline", "vs_baseline_text", true, people},
          {"", "vs_baseline", true, programs},
          {"", "vs_baseline_sd", true, programs},
          {"dense at these bytes %", "dense_of_equal_bytes", true},
          {"energy mJ", "energy_mj", true},
          {"x baseline", "relative_energy", true},
          {"", "cycles", true, programs},
          {"", "weight_bytes", true, programs},
          {"", "synops", true, programs},
          {"", "train_seconds", true, programs},
          {"seeds", "seeds", true}};
}

// People read a fraction as per cent; programs get the fraction.
Cell fraction_cell(double fraction, int decimals) {
  Cell cell(fraction, 3);
  cell.shown = Cell(100 * fraction, decimals).shown;
  return cell;
}

// In millions, say; programs get the number itself.
Cell count_cell(double number, double unit) {
  Cell cell(number, 0);
  cell.shown = significant(number / unit).shown;
  return cell;
}

// "-1.23 ± 0.10" points.
Cell difference_cell(const Summary& summary) {
  Cell cell = percent_cell(summary);
  if (summary.mean >= 0) cell.shown.insert(0, "+");
  return cell;
}

// What nobody measured in the whole study takes no room before people; programs get every column always.
void hide_empty_columns(Table& table) {
  for (std::size_t i = table.columns.size(); i-- > 0;) {
    Column& column = table.columns[i];
    const auto empty = [&](const auto& row) { return row[i].shown == "-"; };
    if (column.audience == Audience::programs || !std::all_of(table.rows.begin(), table.rows.end(), empty)) continue;
    if (column.audience == Audience::everybody) {
      column.audience = Audience::programs;
      continue;
    }
    table.columns.erase(table.columns.begin() + static_cast<std::ptrdiff_t>(i));
    for (auto& row : table.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
  }
}

std::vector<Cell> study_row(const Group& group, std::span<const Group> groups, double baseline_mj) {
  Cell front(group.on_front ? "*" : "");
  front.exact = group.on_front ? "true" : "false";
  return {front,
          group.combination,
          bits_of(group),
          Cell(group.bits, 0),
          Cell(group.activation_bits, 0),
          fraction_cell(group.sparsity, 0),
          fraction_cell(group.zeros.mean, 1),
          Cell(group.nonzeros.mean, 0),
          Cell(group.file_bytes.mean, 0),
          count_cell(group.macs.mean, 1e6),
          count_cell(group.bit_operations.mean, 1e9),
          percent_cell(group.validation_accuracy),
          Cell(group.validation_accuracy.mean, 4),
          Cell(group.validation_accuracy.sd, 4),
          percent_cell(group.test_accuracy),
          Cell(group.test_accuracy.mean, 4),
          Cell(group.test_accuracy.sd, 4),
          difference_cell(group.vs_baseline),
          Cell(group.vs_baseline.mean, 4),
          Cell(group.vs_baseline.sd, 4),
          fraction_cell(dense_of_equal_bytes(groups, group), 2),
          significant(group.energy_mj.mean),
          ratio_cell(group.energy_mj.mean, baseline_mj),
          Cell(group.cycles.mean, 0),
          Cell(group.weight_bytes.mean, 0),
          Cell(group.synops.mean, 0),
          Cell(group.train_seconds.mean, 1),
          Cell(static_cast<double>(group.trials.size()), 0)};
}

}  // namespace

Table study_table(std::span<const Group> groups) {
  const auto baseline = baseline_of(groups);
  const double baseline_mj = baseline ? groups[*baseline].energy_mj.mean : not_measured;
  Table table{study_columns(), {}};
  for (const Group& group : groups) table.rows.push_back(study_row(group, groups, baseline_mj));
  if (!groups.empty()) hide_empty_columns(table);
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
