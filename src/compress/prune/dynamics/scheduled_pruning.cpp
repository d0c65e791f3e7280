#include "compress/prune/dynamics/scheduled_pruning.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "compress/prune/dynamics/rewind.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t gradual_events = 64;
constexpr const char* movement_key = "movement";

std::int64_t last_gradual_step(std::int64_t num_steps) {
  return static_cast<std::int64_t>(std::ceil(pruning_share * static_cast<double>(num_steps)));
}

}  // namespace

ScheduledPruning::ScheduledPruning(const SparsityScheduleRow& schedule, PruneSettings settings)
    : PruneTransform(std::move(settings)),
      schedule_(schedule),
      watches_movement_(settings_.criterion->info.name == movement_key) {
  const std::string& name = schedule.info.name;
  if (watches_movement_ && schedule_.sparsity(0.0, {settings_.sparsity, settings_.iterations}) > 0)
    fail(ErrorKind::usage, "plan", "prune: movement must be seen before '{}' prunes by it; use cubic", name);
  if (schedule_.rewinds && !(settings_.rewind > 0 && settings_.rewind < 0.5 / settings_.iterations))
    fail(ErrorKind::usage, "plan",
         "prune: '{}' with {} iterations rewinds to above 0 and below {:.3g} of the phase, got {}", name,
         settings_.iterations, 0.5 / settings_.iterations, settings_.rewind);
}

double ScheduledPruning::sparsity_at(std::int64_t step, std::int64_t num_steps) const {
  const double progress = num_steps == 0 ? 1.0 : static_cast<double>(step) / static_cast<double>(num_steps);
  return schedule_.sparsity(progress, {settings_.sparsity, settings_.iterations});
}

std::int64_t ScheduledPruning::rewind_step(std::int64_t num_steps) const {
  return std::max<std::int64_t>(1, std::llround(settings_.rewind * static_cast<double>(num_steps)));
}

bool ScheduledPruning::is_due(std::int64_t step, std::int64_t num_steps) const {
  if (step == 0 || num_steps == 0) return step == 0;
  if (schedule_.rewinds && step == rewind_step(num_steps)) return true;
  if (!schedule_.gradual) return sparsity_at(step, num_steps) != sparsity_at(step - 1, num_steps);
  const std::int64_t last = last_gradual_step(num_steps);
  return step <= last && (step == last || step % std::max<std::int64_t>(1, num_steps / gradual_events) == 0);
}

bool ScheduledPruning::change(TransformContext& context, double before, double now) const {
  if (now < before)
    for (const auto& name : selected_weights(context.model, settings_))
      context.model.parameters().at(name).mask = at::Tensor();
  const bool prunes = now > before || (schedule_.gradual && now > 0);
  if (prunes) prune_to(context, settings_, now);
  return prunes;
}

void ScheduledPruning::apply(TransformContext& context) {
  const std::int64_t step = context.step, num_steps = context.num_steps;
  if (schedule_.rewinds && num_steps > 0 && step == rewind_step(num_steps)) keep_for_rewind(context.model);
  const double before = step == 0 ? 0.0 : sparsity_at(step - 1, num_steps);
  if (change(context, before, sparsity_at(step, num_steps)) && schedule_.rewinds && rewind(context.model))
    context.reset_optimizer = true;
}

void ScheduledPruning::after_backward(TransformContext& context) {
  const c10::NoGradGuard no_grad;
  for (const auto& name : selected_weights(context.model, settings_)) {
    learn::Parameter& parameter = context.model.parameters().at(name);
    const at::Tensor gradient = parameter.latent.grad();
    if (!gradient.defined()) continue;
    at::Tensor& movement = parameter.state[movement_key];
    if (!movement.defined()) movement = at::zeros_like(parameter.latent).detach();
    movement.addcmul_(parameter.latent, gradient, -1.0);
  }
}

void ScheduledPruning::finish(TransformContext& context) {
  if (context.num_steps > 0) {
    const double last = sparsity_at(context.num_steps - 1, context.num_steps), end = sparsity_at(1, 1);
    if (last != end) change(context, last, end);
  }
  forget_rewind(context.model);
  for (auto& [name, parameter] : context.model.parameters()) parameter.state.erase(movement_key);
  note_zeros(context, settings_);
}

}  // namespace tern::compress
