#include "compress/plan.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <set>

#include "base/error.hpp"
#include "learn/torch.hpp"

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

/// At each '+' that a step's name follows: "lsq+" is a name of its own.
std::vector<std::string_view> split_steps(std::string_view text) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '+') continue;
    const auto next = text.find_first_not_of(" \t\n", i + 1);
    if (next == std::string_view::npos || !std::isalpha(static_cast<unsigned char>(text[next]))) continue;
    parts.push_back(trim(text.substr(begin, i - begin)));
    begin = i + 1;
  }
  parts.push_back(trim(text.substr(begin)));
  return parts;
}

Step parse_step(std::string_view text) {
  const auto colon = text.find(':');
  const std::string name(trim(text.substr(0, colon)));
  Step step{&find_step_kind(name), {}};
  step.options = Options(step.kind->options());
  if (colon != std::string_view::npos) step.options.parse(text.substr(colon + 1), name);
  step.kind->make(step.options);  // refuses what the options together do not say
  return step;
}

int parse_epochs(std::string_view value) {
  const std::string text(trim(value));
  char* end = nullptr;
  const long epochs = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || epochs < 0 || epochs > 1000000)
    fail(ErrorKind::usage, "plan", "epochs= needs a whole number, got '{}'", text);
  return static_cast<int>(epochs);
}

Phase parse_phase(std::string_view text, std::set<std::string>& seen) {
  Phase phase;
  for (const auto part : split_steps(text)) {
    if (part.starts_with("epochs=")) {
      phase.epochs = parse_epochs(part.substr(7));
      continue;
    }
    Step step = parse_step(part);
    const std::string key = step.kind->key ? step.kind->key(step.options) : step.kind->name;
    if (!seen.insert(key).second) fail(ErrorKind::usage, "plan", "'{}' stands twice", step.text());
    phase.steps.push_back(std::move(step));
  }
  return phase;
}

/// Place of a step in its phase: those of a rank in the order of the text, the phase's own images before rank 1.
double turn(const Step& step) {
  return step.kind->gives_samples && step.kind->gives_samples(step.options) ? 0.5 : step.kind->rank;
}

}  // namespace

std::string Step::text() const {
  const std::string canonical = options.canonical();
  return canonical.empty() ? kind->name : kind->name + ":" + canonical;
}

Plan parse_plan(std::string_view text) {
  Plan plan;
  if (trim(text).empty()) return plan;
  std::set<std::string> seen;
  for (const auto part : split(text, '|')) plan.phases.push_back(parse_phase(part, seen));
  return plan;
}

std::string to_text(const Plan& plan) {
  std::vector<std::string> phases;
  for (const auto& phase : plan.phases) {
    std::vector<std::string> parts;
    for (const auto& step : phase.steps) parts.push_back(step.text());
    if (phase.epochs >= 0) parts.push_back(fmt::format("epochs={}", phase.epochs));
    phases.push_back(fmt::format("{}", fmt::join(parts, " + ")));
  }
  return fmt::format("{}", fmt::join(phases, " | "));
}

std::vector<std::unique_ptr<Transform>> make_transforms(const Phase& phase) {
  std::vector<const Step*> order;
  for (const auto& step : phase.steps) order.push_back(&step);
  std::stable_sort(order.begin(), order.end(), [](const Step* a, const Step* b) { return turn(*a) < turn(*b); });
  std::vector<std::unique_ptr<Transform>> transforms;
  for (const Step* step : order) transforms.push_back(step->kind->make(step->options));
  return transforms;
}

namespace {

struct NoData {};

/// What the phase's rewriting steps make of `model`. Throws NoData where one of them looks at data.
void rehearse(const Phase& phase, learn::Model& model) {
  TransformContext context{.model = model, .notes = {}};
  context.loss = learn::find_loss("ce").loss;
  context.samples = []() -> const Samples& { throw NoData(); };
  for (const auto& step : phase.steps)
    if (step.kind->rank == 0) step.kind->make(step.options)->apply(context);
}

}  // namespace

void check_plan(const Plan& plan, const learn::Model& model) try {
  learn::Model rehearsal = model.clone_without_quantizers();
  bool is_first = true;
  for (const auto& phase : plan.phases) {
    for (const auto& step : phase.steps)
      if (step.kind->rank == 0) step.kind->make(step.options)->check(is_first ? model : rehearsal);
    rehearse(phase, rehearsal);
    for (const auto& step : phase.steps)
      if (step.kind->rank > 0) step.kind->make(step.options)->check(rehearsal);
    is_first = false;
  }
} catch (const NoData&) {  // from there on steps are checked when their turn comes
}

std::vector<int> epochs_of_phases(const Plan& plan, int epochs) {
  if (plan.phases.empty()) return {epochs};
  if (epochs == 0) return std::vector<int>(plan.phases.size(), 0);
  std::vector<bool> shares;
  int left = epochs, count = 0;
  for (const auto& phase : plan.phases) {
    const auto transforms = make_transforms(phase);
    const bool wants = phase.steps.empty() || std::any_of(transforms.begin(), transforms.end(),
                                                          [](const auto& entry) { return entry->wants_training(); });
    shares.push_back(phase.epochs < 0 && wants);
    if (shares.back()) ++count;
    else left -= std::max(0, phase.epochs);
  }
  if (left < count)
    fail(ErrorKind::usage, "plan", "{} epochs are too few: {} phases share {}", epochs, count, std::max(0, left));
  std::vector<int> result;
  int index = 0;
  for (std::size_t i = 0; i < plan.phases.size(); ++i) {
    if (!shares[i]) {
      result.push_back(std::max(0, plan.phases[i].epochs));
    } else {
      result.push_back(left * (index + 1) / count - left * index / count);
      ++index;
    }
  }
  return result;
}

}  // namespace tern::compress
