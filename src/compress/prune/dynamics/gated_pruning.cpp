#include "compress/prune/dynamics/gated_pruning.hpp"

#include <algorithm>
#include <cmath>

#include "compress/prune/dynamics/gate.hpp"
#include "compress/prune/pruner.hpp"
#include "compress/prune/sparsity_schedule.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double descent_share = 0.6;  // of the phase: then the density stays
constexpr std::int64_t density_changes = 64;
constexpr const char* density_key = "gate_density";

std::int64_t mask_step(std::int64_t num_steps) {
  return static_cast<std::int64_t>(std::ceil(pruning_share * static_cast<double>(num_steps)));
}

ProbabilityGate* gate_of(const learn::Parameter& parameter) {
  return dynamic_cast<ProbabilityGate*>(parameter.gate.get());
}

}  // namespace

GatedPruning::GatedPruning(PruneSettings settings, std::string gate)
    : PruneTransform(std::move(settings)), gate_(std::move(gate)) {
  find_gate(gate_);
}

bool GatedPruning::is_due(std::int64_t step, std::int64_t num_steps) const {
  if (step == 0 || num_steps == 0) return step == 0;
  const std::int64_t last = mask_step(num_steps);
  return step <= last && (step == last || step % std::max<std::int64_t>(1, num_steps / density_changes) == 0);
}

void GatedPruning::attach(learn::Model& model) const {
  for (const auto& name : selected_weights(model, settings_)) {
    learn::Parameter& parameter = model.parameters().at(name);
    parameter.gate = find_gate(gate_).make(parameter.masked());
  }
}

void GatedPruning::set_densities(TransformContext& context) const {
  const std::vector<std::string> names = selected_weights(context.model, settings_);
  const double progress = pruning_share / descent_share * static_cast<double>(context.step) /
                          static_cast<double>(context.num_steps);  // cubic ends at pruning_share
  const double sparsity = find_sparsity_schedule("cubic").sparsity(progress, {settings_.sparsity});
  std::vector<Extents> layers;
  for (const auto& name : names) layers.push_back(context.model.parameters().at(name).latent.sizes().vec());
  std::vector<double> densities(names.size(), 1.0 - sparsity);
  if (settings_.scope->densities) densities = settings_.scope->densities(layers, sparsity);
  for (std::size_t i = 0; i < names.size(); ++i)
    context.model.parameters().at(names[i]).state[density_key] = at::full({}, densities[i], at::kFloat);
}

bool GatedPruning::gates_to_masks(TransformContext& context) const {
  const c10::NoGradGuard no_grad;
  const std::vector<std::string> names = selected_weights(context.model, settings_);
  Scores scores;
  for (const auto& name : names) {
    learn::Parameter& parameter = context.model.parameters().at(name);
    ProbabilityGate* gate = gate_of(parameter);
    if (!gate) return false;
    scores[name] = gate->logits().detach();
  }
  prune(context.model, scores, names, settings_.sparsity, *settings_.scope, settings_.shape);
  for (const auto& name : names) {
    learn::Parameter& parameter = context.model.parameters().at(name);
    parameter.latent.mul_(gate_of(parameter)->expected());
    parameter.gate = nullptr;
    parameter.state.erase(density_key);
  }
  context.reset_optimizer = true;
  return true;
}

void GatedPruning::apply(TransformContext& context) {
  if (context.num_steps == 0) return prune_to(context, settings_, settings_.sparsity);
  if (context.step == 0) attach(context.model);
  if (context.step == mask_step(context.num_steps))
    gates_to_masks(context);
  else
    set_densities(context);
}

at::Tensor GatedPruning::penalty(learn::Model& model) {
  const bool together = settings_.scope->densities == nullptr;
  at::Tensor open, sum;
  double count = 0, density = 0, layers = 0;
  for (const auto& name : selected_weights(model, settings_)) {
    const learn::Parameter& parameter = model.parameters().at(name);
    const ProbabilityGate* gate = gate_of(parameter);
    if (!gate) return {};
    density = parameter.state.at(density_key).item<double>();
    const at::Tensor probabilities =
        parameter.mask.defined() ? gate->open_probability() * parameter.mask : gate->open_probability();
    if (together) {
      open = open.defined() ? open + probabilities.sum() : probabilities.sum();
      count += static_cast<double>(probabilities.numel());
    } else {
      const at::Tensor term = ((probabilities.mean() - density) / tolerance).square();
      sum = sum.defined() ? sum + term : term;
      ++layers;
    }
  }
  return together ? ((open / count - density) / tolerance).square() : sum / layers;
}

void GatedPruning::finish(TransformContext& context) {
  gates_to_masks(context);
  note_zeros(context, settings_);
}

const std::vector<SparseTrainingRow>& gated_pruning_table() {
  static const std::vector<SparseTrainingRow> table{
      {find_gate("l0").info,
       [](const PruneSettings& settings) -> std::unique_ptr<Transform> {
         return std::make_unique<GatedPruning>(settings, "l0");
       }},
      {find_gate("rb").info,
       [](const PruneSettings& settings) -> std::unique_ptr<Transform> {
         return std::make_unique<GatedPruning>(settings, "rb");
       }},
  };
  return table;
}

}  // namespace tern::compress
