#include "compress/prune/dynamics/dynamic_masks.hpp"

#include "compress/prune/sparsity_schedule.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
const std::vector<SparseTrainingRow>& dynamic_mask_table() {
  static const std::vector<SparseTrainingRow> table{
      {{"dpf",
        "dense weights train behind masks that are chosen anew",
        "Lin et al. 2020",
        {{"interval", "int", "16", "1..1000000", "steps between masks"}}},
       [](const PruneSettings& settings) -> std::unique_ptr<Transform> {
         return std::make_unique<DynamicMasks>(settings, true);
       }},
      {{"srste",
        "dense weights train behind masks of every step, masked ones decay",
        "Zhou et al. 2021",
        {{"interval", "int", "1", "1..1000000", "steps between masks"},
         {"decay", "float", "2e-4", ">= 0", "of masked weights"}}},
       [](const PruneSettings& settings) -> std::unique_ptr<Transform> {
         return std::make_unique<DynamicMasks>(settings, false);
       }},
  };
  return table;
}

double DynamicMasks::sparsity_at(std::int64_t step, std::int64_t num_steps) const {
  if (!grows_ || num_steps == 0) return settings_.sparsity;
  const double progress = static_cast<double>(step) / static_cast<double>(num_steps);
  return find_sparsity_schedule("cubic").sparsity(progress, {settings_.sparsity});
}

bool DynamicMasks::is_due(std::int64_t step, std::int64_t) const {
  return step % settings_.interval == 0;
}

void DynamicMasks::apply(TransformContext& context) {
  for (const auto& name : selected_weights(context.model, settings_)) {
    learn::Parameter& parameter = context.model.parameters().at(name);
    if (!parameter.backward_mask.defined())
      parameter.backward_mask = at::ones_like(parameter.latent).detach();
  }
  prune_to(context, settings_, sparsity_at(context.step, context.num_steps), true);
}

at::Tensor DynamicMasks::penalty(learn::Model& model) {
  if (settings_.decay == 0) return {};
  at::Tensor sum;
  for (const auto& name : selected_weights(model, settings_)) {
    const learn::Parameter& parameter = model.parameters().at(name);
    if (!parameter.mask.defined()) continue;
    const at::Tensor term =
        (parameter.latent * (1 - parameter.mask)).square().sum() * (0.5 * settings_.decay);
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

void DynamicMasks::finish(TransformContext& context) {
  const std::int64_t num_steps = context.num_steps;
  const std::int64_t last_choice =
      num_steps > 0 ? (num_steps - 1) / settings_.interval * settings_.interval : 0;
  if (sparsity_at(last_choice, num_steps) != settings_.sparsity)  // a short phase that did not get there
    prune_to(context, settings_, settings_.sparsity, true);
  const c10::NoGradGuard no_grad;
  for (const auto& name : selected_weights(context.model, settings_)) {
    learn::Parameter& parameter = context.model.parameters().at(name);
    parameter.backward_mask = at::Tensor();
    parameter.latent.mul_(parameter.mask);
  }
  note_zeros(context, settings_);
}

}  // namespace tern::compress
