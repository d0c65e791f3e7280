#include "compress/plan_run.hpp"

#include <algorithm>

#include "compress/prune/magnitude.hpp"
#include "compress/prune/sparsity_schedule.hpp"
#include "compress/quantize/quantizer.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double pruning_share = 0.75;  // of the phase; the rest recovers at the final sparsity
constexpr std::int64_t pruning_events = 64;

/// Step at which gradual pruning has reached its target.
std::int64_t last_pruning_step(std::int64_t num_steps) {
  return static_cast<std::int64_t>(pruning_share * static_cast<double>(num_steps));
}

bool prune_is_due(const PruneStep& prune, std::int64_t step, std::int64_t num_steps) {
  if (step == 0 || prune.schedule == "oneshot") return step == 0;
  const std::int64_t last = last_pruning_step(num_steps);
  return step <= last && (step == last || step % std::max<std::int64_t>(1, num_steps / pruning_events) == 0);
}

bool prune(learn::Model& model, const PruneStep& prune, std::int64_t step, std::int64_t num_steps) {
  if (!prune_is_due(prune, step, num_steps)) return false;
  const double progress = std::min(
      1.0, static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, last_pruning_step(num_steps))));
  const double sparsity = find_sparsity_schedule(prune.schedule).sparsity(progress, prune.sparsity);
  prune_by_magnitude(model, model.weight_names(), sparsity, prune.global);
  return true;
}

bool quantize(learn::Model& model, const QuantizeStep& quantize) {
  const QuantizerOptions options{quantize.weight_bits, find_rounding_gradient(quantize.gradient).kind};
  bool changed = false;
  for (const auto& name : model.weight_names()) {
    learn::Parameter& parameter = model.parameters().at(name);
    if (parameter.quantizer) continue;
    const c10::NoGradGuard no_grad;
    parameter.quantizer = make_quantizer(quantize.method, options, parameter.effective());
    changed = true;
  }
  return changed;
}

}  // namespace

bool is_due(const Phase& phase, std::int64_t step, std::int64_t num_steps) {
  return std::any_of(phase.steps.begin(), phase.steps.end(), [&](const Step& entry) {
    const auto* pruning = std::get_if<PruneStep>(&entry);
    return pruning ? prune_is_due(*pruning, step, num_steps) : step == 0;
  });
}

bool apply_phase(learn::Model& model, const Phase& phase, std::int64_t step, std::int64_t num_steps) {
  bool changed = false;
  for (const auto& entry : phase.steps)  // pruning first: a quantizer's range is that of the weights that stay
    if (const auto* pruning = std::get_if<PruneStep>(&entry)) changed |= prune(model, *pruning, step, num_steps);
  for (const auto& entry : phase.steps)
    if (const auto* quantizing = std::get_if<QuantizeStep>(&entry); quantizing && step == 0)
      changed |= quantize(model, *quantizing);
  return changed;
}

}  // namespace tern::compress
