#include "compress/plan.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "base/error.hpp"
#include "compress/prune/sparsity_schedule.hpp"
#include "compress/quantize/quantizer.hpp"

namespace tern::compress {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto at = text.find(separator);
    parts.push_back(trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// "key=value" or a bare word, whose value is empty.
struct Option {
  std::string key, value;
  bool has_value = false;
};

Option parse_option(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) return {std::string(text), {}, false};
  return {std::string(trim(text.substr(0, equals))), std::string(trim(text.substr(equals + 1))), true};
}

double parse_number(const Option& option, std::string_view step) {
  char* end = nullptr;
  const double value = std::strtod(option.value.c_str(), &end);
  if (option.value.empty() || *end != '\0')
    fail(ErrorKind::usage, "plan", "{}: '{}' needs a number, got '{}'", step, option.key, option.value);
  return value;
}

template <typename Table>
bool has_row(const Table& table, const std::string& name) {
  return std::any_of(table.begin(), table.end(), [&](const auto& row) { return row.info.name == name; });
}

[[noreturn]] void fail_option(std::string_view step, const Option& option, std::vector<std::string> known) {
  fail_unknown(fmt::format("option of '{}'", step), option.key, known, "plan");
}

PruneStep parse_prune(const std::vector<Option>& options) {
  PruneStep step;
  bool has_sparsity = false;
  for (const auto& option : options) {
    if (option.has_value && (option.key == "global" || option.key == "local")) {
      step.global = option.key == "global";
      step.sparsity = parse_number(option, "prune");
      has_sparsity = true;
    } else if (!option.has_value && has_row(sparsity_schedule_table(), option.key)) {
      step.schedule = option.key;
    } else if (option.has_value || option.key != "magnitude") {
      fail_option("prune", option, {"global=", "local=", "magnitude", "oneshot", "cubic"});
    }
  }
  if (!has_sparsity) fail(ErrorKind::usage, "plan", "prune needs a sparsity: prune:global=0.8");
  if (!(step.sparsity >= 0 && step.sparsity < 1))
    fail(ErrorKind::usage, "plan", "prune: sparsity must be at least 0 and below 1, got {}", step.sparsity);
  return step;
}

QuantizeStep parse_quantize(const std::vector<Option>& options) {
  QuantizeStep step;
  for (const auto& option : options) {
    if (option.has_value && option.key == "w") {
      step.weight_bits = static_cast<int>(parse_number(option, "quantize"));
    } else if (!option.has_value && has_row(quantizer_table(), option.key)) {
      step.method = option.key;
    } else if (!option.has_value && has_row(rounding_gradient_table(), option.key)) {
      step.gradient = option.key;
    } else {
      std::vector<std::string> known{"w="};
      for (const auto& row : quantizer_table()) known.push_back(row.info.name);
      for (const auto& row : rounding_gradient_table()) known.push_back(row.info.name);
      fail_option("quantize", option, known);
    }
  }
  const QuantizerRow& row = find_quantizer(step.method);
  if (step.weight_bits < row.min_bits || step.weight_bits > row.max_bits)
    fail(ErrorKind::usage, "plan", "quantize: {} takes {} to {} bits, got {}", step.method, row.min_bits, row.max_bits,
         step.weight_bits);
  return step;
}

Step parse_step(std::string_view text) {
  const auto colon = text.find(':');
  const std::string kind(trim(text.substr(0, colon)));
  std::vector<Option> options;
  if (colon != std::string_view::npos)
    for (const auto part : split(text.substr(colon + 1), ',')) options.push_back(parse_option(part));
  if (kind == "prune") return parse_prune(options);
  if (kind == "quantize") return parse_quantize(options);
  const std::vector<std::string> known{"prune", "quantize"};
  fail_unknown("step", kind, known, "plan");
}

std::string step_text(const Step& step) {
  if (const auto* prune = std::get_if<PruneStep>(&step))
    return fmt::format("prune:{}={},{}", prune->global ? "global" : "local", prune->sparsity, prune->schedule);
  const auto& quantize = std::get<QuantizeStep>(step);
  return fmt::format("quantize:w={},{},{}", quantize.weight_bits, quantize.method, quantize.gradient);
}

}  // namespace

Plan parse_plan(std::string_view text) {
  Plan plan;
  if (trim(text).empty()) return plan;
  std::vector<std::size_t> seen;
  for (const auto phase_text : split(text, '|')) {
    Phase phase;
    for (const auto text_of_step : split(phase_text, '+')) {
      phase.steps.push_back(parse_step(text_of_step));
      const std::size_t kind = phase.steps.back().index();
      if (std::find(seen.begin(), seen.end(), kind) != seen.end())
        fail(ErrorKind::usage, "plan", "'{}' stands twice", step_text(phase.steps.back()));
      seen.push_back(kind);
    }
    plan.phases.push_back(std::move(phase));
  }
  return plan;
}

std::string to_text(const Plan& plan) {
  std::vector<std::string> phases;
  for (const auto& phase : plan.phases) {
    std::vector<std::string> steps;
    for (const auto& step : phase.steps) steps.push_back(step_text(step));
    phases.push_back(fmt::format("{}", fmt::join(steps, " + ")));
  }
  return fmt::format("{}", fmt::join(phases, " | "));
}

}  // namespace tern::compress
