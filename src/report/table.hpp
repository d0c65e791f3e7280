// One table, printed for people (text, Markdown) and for programs (CSV, JSON).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "report/pareto.hpp"

namespace tern::report {

enum class TableFormat { text, markdown, csv, json };

/// "text", "markdown" (or "md"), "csv", "json". Errors: another name (usage).
TableFormat table_format(std::string_view name);

/// Who sees a column: people see "93.1 ± 0.4", programs the mean and the deviation in two columns.
enum class Audience { everybody, people, programs };

struct Column {
  std::string title;             ///< heading in text and Markdown
  std::string key;               ///< heading in CSV, key in JSON
  bool numeric = false;          ///< right-aligned; an unquoted number in JSON
  Audience audience = Audience::everybody;
};

/// A value as people read it and as programs do. `exact` of a numeric column is a number in full precision, or empty
/// for none (JSON null).
struct Cell {
  Cell(std::string text) : shown(text), exact(std::move(text)) {}
  Cell(const char* text) : Cell(std::string(text)) {}
  /// `number` as people see it with `decimals` digits after the point; NaN shows as "-".
  Cell(double number, int decimals);
  std::string shown;
  std::string exact;
};

/// Columns and rows; no state besides. Thread safety: that of a plain struct.
struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  ///< each as long as `columns`

  /// Text: columns aligned by code points, two spaces between. Markdown: a pipe table. CSV: RFC 4180, LF line ends.
  /// JSON: an array of objects. Ends with a line feed. Errors: a row of another length (internal).
  std::string print(TableFormat format) const;
};

/// The table of a study, a row a group, in the order of `groups`. For people: a star on the Pareto front, combination,
/// bits "weights/activations", sparsity asked, zeros reached, non-zeros, bytes in the packed file, 1e6 MACs and 1e9
/// bit operations of a sample, validation % and test % (mean ± sd over seeds), test accuracy less the baseline's in
/// points (mean ± sd of the differences by seed), what a dense network of equal bytes has in the test, energy in mJ,
/// energy relative to the baseline, seeds; a column that no group measured is left out. Programs get all of it as plain
/// numbers (fractions, MACs, bit operations) and besides cycles, the accelerator's weight bytes, synaptic operations
/// and training seconds.
Table study_table(std::span<const Group> groups);

/// The layers of a trial, a row a layer.
Table layer_table(const TrialRecord& trial);

}  // namespace tern::report
