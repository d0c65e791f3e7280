#include "compress/prune/dynamics/topkast.hpp"

#include "base/error.hpp"
#include "compress/prune/pruner.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr const char* outside_key = "outside";

/// All latents back in place, those that were put aside too.
void restore_outside(learn::Parameter& parameter) {
  if (const auto outside = parameter.state.find(outside_key); outside != parameter.state.end())
    parameter.latent.add_(outside->second);  // where the latent is zero
}

}  // namespace

MethodInfo topkast_info() {
  return {"topkast",
          "sparse training: forward with the largest weights, backward with some more",
          "Jayakumar et al. 2020",
          {{"interval", "int", "10", "1..1000000", "steps between choices of the sets"},
           {"backward", "float", "0", "0..1", "sparsity of the set that trains; 0: half the sparsity asked"},
           {"decay", "float", "1e-4", ">= 0", "of the weights in use; the others of the trained set: more"}}};
}

TopKast::TopKast(PruneSettings settings) : PruneTransform(std::move(settings)) {
  if (settings_.backward == 0) settings_.backward = settings_.sparsity / 2;
  if (settings_.backward > settings_.sparsity)
    fail(ErrorKind::usage, "plan", "prune: backward is at most the sparsity {}, got {}", settings_.sparsity,
         settings_.backward);
}

bool TopKast::is_due(std::int64_t step, std::int64_t) const {
  return step % settings_.interval == 0;
}

void TopKast::apply(TransformContext& context) {
  const c10::NoGradGuard no_grad;
  const std::vector<std::string> names = selected_weights(context.model, settings_);
  auto& parameters = context.model.parameters();
  for (const auto& name : names) {
    restore_outside(parameters.at(name));
    parameters.at(name).backward_mask =
        at::ones_like(parameters.at(name).latent).detach();  // no latent is lost yet
  }
  prune_to(context, settings_, settings_.backward, true);
  std::map<std::string, at::Tensor> trained;
  for (const auto& name : names) trained[name] = parameters.at(name).mask;
  prune_to(context, settings_, settings_.sparsity, true);
  for (const auto& name : names) {
    learn::Parameter& parameter = parameters.at(name);
    parameter.backward_mask = at::maximum(trained.at(name), parameter.mask);
    parameter.state[outside_key] = parameter.latent.detach() * (1 - parameter.backward_mask);
    parameter.latent.mul_(parameter.backward_mask);
  }
}

at::Tensor TopKast::penalty(learn::Model& model) {
  if (settings_.decay == 0) return {};
  at::Tensor sum;
  for (const auto& name : selected_weights(model, settings_)) {
    const learn::Parameter& parameter = model.parameters().at(name);
    if (!parameter.backward_mask.defined()) continue;
    const at::Tensor weight =
        parameter.mask + (parameter.backward_mask - parameter.mask) / (1.0 - settings_.sparsity);
    const at::Tensor term = (parameter.latent.square() * weight).sum() * (0.5 * settings_.decay);
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

void TopKast::finish(TransformContext& context) {
  const c10::NoGradGuard no_grad;
  for (const auto& name : selected_weights(context.model, settings_)) {
    learn::Parameter& parameter = context.model.parameters().at(name);
    parameter.backward_mask = at::Tensor();
    parameter.state.erase(outside_key);
    parameter.latent.mul_(parameter.mask);
  }
  note_zeros(context, settings_);
}

std::unique_ptr<Transform> make_topkast(const PruneSettings& settings) {
  return std::make_unique<TopKast>(settings);
}

}  // namespace tern::compress
