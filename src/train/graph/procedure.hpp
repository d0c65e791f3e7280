// The one shape of every way to train a graph network: whole graphs, clusters, layer by layer, many graphs, clustering.
//
// A procedure is a function from (model, data, options) to figures; `tern graph train` draws models, calls it once for
// each seed and prints means. The table of all procedures is procedures.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.hpp"
#include "base/registry.hpp"
#include "compress/plan.hpp"
#include "graph/graph_data.hpp"
#include "learn/model.hpp"
#include "train/batch_source.hpp"
#include "train/checkpoint.hpp"
#include "train/trainer.hpp"

namespace tern::train {

class ProcessGroup;

/// What a procedure is asked for. What it cannot honour (a plan, distillation) it refuses with ErrorKind::usage.
struct GraphProcedureOptions {
  /// Epochs, optimizer, rate, loss, seed. With train.checkpoint the procedure writes its state there (at the end a
  /// checkpoint that load_model() reads) and goes on from it where the file exists.
  TrainOptions train;
  compress::Plan plan;
  std::string metric;  ///< a row of metric_table(); empty: the task's own (metrics.hpp)
  /// By name, those of the procedure's MethodInfo: read with parameter_int() and its siblings, which know the defaults.
  std::map<std::string, std::string> parameters;
  ProcessGroup* group = nullptr;  ///< the processes that train one model together; null: this one alone
  ProgressCallback progress;
  std::function<void(const EpochResult&)> on_epoch;
  std::function<void(const std::string&)> on_note;
};

/// What one run reached. Scores are of the metric, 0..1 (NMI, micro-F1, ROC AUC and accuracy alike).
struct GraphRunResult {
  std::vector<EpochResult> history;  ///< test_accuracy is set where test was scored after the epoch
  std::string metric;                ///< its name
  Scores last{};                     ///< of the model as it is returned
  Scores selected{};                 ///< of the epoch with the best validation score; the first of equal ones
  int selected_epoch = 0;            ///< 0: nothing was selected on (no validation part)
  double seconds = 0;                ///< training alone: without reading data, without evaluation where that is known
  std::int64_t peak_bytes = 0;       ///< largest resident memory of the process so far
  std::vector<std::string> notes;    ///< sentences for the reader: parts cut, layers stopped early
};

/// Trains `model` in place. REQUIRES: data passed graph::check and has exactly one split (data/graphs).
/// Errors: usage (options that do not fit), bad_data (a loss that is no longer finite), interrupted (state was saved).
using GraphProcedureFunction = GraphRunResult (*)(learn::Model& model, const graph::GraphData& data,
                                                  const GraphProcedureOptions& options);

/// One row of the registry.
struct GraphProcedure {
  MethodInfo info;  ///< info.parameters: what options.parameters may hold
  GraphProcedureFunction run = nullptr;
  /// What its paper trains with, before the user's options; null: those of full-batch (full_batch.cpp).
  void (*set_defaults)(TrainOptions& options) = nullptr;
};

/// The value of a parameter, or its default in `info`. Errors: usage where it is no number of that kind.
/// REQUIRES: `name` is a parameter of `info` (anything else is our mistake).
std::int64_t parameter_int(const MethodInfo& info, const GraphProcedureOptions& options, std::string_view name);
double parameter_float(const MethodInfo& info, const GraphProcedureOptions& options, std::string_view name);
bool parameter_bool(const MethodInfo& info, const GraphProcedureOptions& options, std::string_view name);
std::string parameter_text(const MethodInfo& info, const GraphProcedureOptions& options, std::string_view name);

/// Fills in `selected`, `selected_epoch`, `seconds` and `peak_bytes` from the history of a finished run; `last` too
/// where the history has scores.
void summarise(GraphRunResult& result);

/// Trains by train::train on the batches of `source`, as options say, and summarises. With a group each rank takes the loss
/// on its share of each batch's labelled samples and gradients are summed: the model is that of one process within
/// rounding. `divided`: the source gives each rank its own part of a batch already. The first rank writes checkpoints.
/// Plans: each rank carries them out on its own copy, and the copies are compared at the end; a step that asks for
/// gradients of its own is refused, and so is every plan on a divided source, whose ranks see different activations
/// (usage).
GraphRunResult run_source(learn::Model& model, BatchSource& source, const GraphProcedureOptions& options,
                          const std::string& metric, bool divided = false);

}  // namespace tern::train
