// prune: masks on kernels.
#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/error.hpp"
#include "compress/prune/dynamics/dynamic_masks.hpp"
#include "compress/prune/dynamics/gated_pruning.hpp"
#include "compress/prune/dynamics/growth.hpp"
#include "compress/prune/dynamics/scheduled_pruning.hpp"
#include "compress/select_layers.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

/// What may stand for `schedule` beside the rows of sparsity_schedule_table().
std::vector<const SparseTrainingRow*> sparse_training_rows() {
  std::vector<const SparseTrainingRow*> rows;
  for (const auto* table : {&growth_table(), &dynamic_mask_table(), &gated_pruning_table()})
    for (const auto& row : *table) rows.push_back(&row);
  return rows;
}

OptionSpec make_option(std::string name, OptionType type, std::string summary, double min = 0,
                       double max = 0) {
  OptionSpec option;
  option.name = std::move(name);
  option.type = type;
  option.summary = std::move(summary);
  option.min = min;
  option.max = max;
  return option;
}

/// Options of single methods, by the name they have in MethodInfo::parameters.
std::vector<OptionSpec> method_options() {
  using enum OptionType;
  return {make_option("iterations", integer, "rounds of pruning", 1, 100),
          make_option("rewind", number, "share of the phase whose values lottery goes back to", 0, 0.5),
          make_option("interval", integer, "steps between changes of masks", 1, 1000000),
          make_option("drop", number, "share of kept weights exchanged at first", 0, 1),
          make_option("backward", number, "sparsity of the weights that train", 0, 0.9999),
          make_option("decay", number, "of weights that train behind a mask", 0, 1)};
}

/// Method options as given or as `info` has them by default. Errors: usage for one that the method does not
/// look at.
void read_method_options(const Options& options, const MethodInfo& info, PruneSettings& settings) {
  const auto number = [&](std::string_view name, auto& field) {
    const auto parameter = std::find_if(info.parameters.begin(), info.parameters.end(),
                                        [&](const ParameterInfo& entry) { return entry.name == name; });
    const bool known = parameter != info.parameters.end();
    if (!known && options.has(name))
      fail(ErrorKind::usage, "plan", "prune: {} has no option '{}'", info.name, name);
    if (!known) return;
    const double value =
        options.has(name) ? options.number(name) : std::strtod(parameter->fallback.c_str(), nullptr);
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
  };
  number("iterations", settings.iterations);
  number("rewind", settings.rewind);
  number("interval", settings.interval);
  number("drop", settings.drop);
  number("backward", settings.backward);
  number("decay", settings.decay);
}

MaskShape read_shape(const Options& options) try {
  std::vector<std::string> shapes;
  if (options.has("nm")) shapes.push_back(options.text("nm"));
  if (options.has("block")) shapes.push_back("1x" + options.text("block"));
  for (const char* name : {"kernel", "channel"})
    if (options.flag(name)) shapes.emplace_back(name);
  if (shapes.empty()) return {};
  if (shapes.size() > 1)
    fail(ErrorKind::usage, "plan", "prune: one of nm=, block=, kernel and channel at a time, got {} and {}",
         shapes[0], shapes[1]);
  const MaskShape shape = parse_mask_shape(shapes[0]);
  if (options.has("nm") && shape.name != "nm")
    fail(ErrorKind::usage, "plan", "prune: nm= needs N:M such as 2:4, got '{}'", shapes[0]);
  return shape;
} catch (const Error& error) {
  throw Error(error.kind(), error.message(), "plan");
}

/// Scope and sparsity; N:M alone asks for what it can reach.
void read_sparsity(const Options& options, PruneSettings& settings) {
  for (const auto& row : scope_table()) {
    if (!options.has(row.info.name)) continue;
    if (settings.scope)
      fail(ErrorKind::usage, "plan", "prune: one sparsity, not both {} and {}", settings.scope->info.name,
           row.info.name);
    settings.scope = &row;
    settings.sparsity = options.number(row.info.name);
  }
  const double most = max_sparsity(settings.shape);
  if (!settings.scope && most < 1) {
    settings.scope = &find_scope("local");
    settings.sparsity = most;
  }
  if (!settings.scope) fail(ErrorKind::usage, "plan", "prune needs a sparsity: prune:global=0.8");
  if (settings.sparsity > most)
    fail(ErrorKind::usage, "plan", "prune: {} reaches a sparsity of {}, not {}", to_text(settings.shape),
         most, settings.sparsity);
}

std::unique_ptr<Transform> make_prune(const Options& options) {
  PruneSettings settings;
  settings.criterion = &find_criterion(options.text("criterion"));
  settings.shape = read_shape(options);
  settings.select = [options](const learn::Model& model) { return select_weights(model, options); };
  read_sparsity(options, settings);
  const std::string& schedule = options.text("schedule");
  for (const SparseTrainingRow* row : sparse_training_rows()) {
    if (row->info.name != schedule) continue;
    read_method_options(options, row->info, settings);
    return row->make(settings);
  }
  const SparsityScheduleRow& row = find_sparsity_schedule(schedule);
  read_method_options(options, row.info, settings);
  return std::make_unique<ScheduledPruning>(row, settings);
}

OptionSpec make_choice(std::string name, std::string fallback, std::string summary,
                       std::vector<std::string> choices) {
  OptionSpec option = make_option(std::move(name), OptionType::choice, std::move(summary));
  option.fallback = std::move(fallback);
  option.choices = std::move(choices);
  return option;
}

std::vector<OptionSpec> prune_options() {
  using enum OptionType;
  std::vector<OptionSpec> options;
  for (const auto& row : scope_table())
    options.push_back(make_option(row.info.name, number, "sparsity: " + row.info.summary, 0, 0.9999));
  std::vector<std::string> criteria, schedules;
  for (const auto& row : sparsity_schedule_table()) schedules.push_back(row.info.name);
  for (const SparseTrainingRow* row : sparse_training_rows()) schedules.push_back(row->info.name);
  for (const auto& row : criterion_table())  // l0 is both: the gates come with their criterion
    if (std::find(schedules.begin(), schedules.end(), row.info.name) == schedules.end())
      criteria.push_back(row.info.name);
  options.push_back(make_choice("criterion", "magnitude", "what is kept", criteria));
  options.push_back(make_choice("schedule", "oneshot", "when and how weights go while training", schedules));
  options.back().always_shown = true;
  options.push_back(make_option("nm", text, "N of each M input channels kept, such as 2:4"));
  options.push_back(make_option("block", integer, "output channels that are pruned together", 2, 64));
  options.push_back(make_option("kernel", flag, "whole kernels are pruned"));
  options.push_back(make_option("channel", flag, "whole output channels are masked"));
  for (auto& option : method_options()) options.push_back(option);
  for (auto& option : layer_options()) options.push_back(option);
  return options;
}

}  // namespace

const StepKind prune{.name = "prune",
                     .summary = "zeroes weights and keeps them zero",
                     .options = prune_options,
                     .make = make_prune,
                     .rank = 1,
                     .key = [](const Options& options) {
                       return "prune " + options.text("only") + " " + options.text("except");
                     }};

}  // namespace tern::compress::steps
