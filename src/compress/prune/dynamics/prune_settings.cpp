#include "compress/prune/dynamics/prune_settings.hpp"

#include "base/error.hpp"
#include "base/seed.hpp"
#include "compress/prune/pruner.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

std::vector<std::string> selected_weights(const learn::Model& model, const PruneSettings& settings) {
  return settings.select ? settings.select(model) : model.weight_names();
}

void check_settings(const learn::Model& model, const PruneSettings& settings) try {
  const std::vector<std::string> names = selected_weights(model, settings);
  std::vector<Extents> layers;
  for (const auto& name : names) layers.push_back(model.parameters().at(name).latent.sizes().vec());
  if (settings.scope->densities) settings.scope->densities(layers, settings.sparsity);
  if (settings.shape.name != "element")
    for (const auto& name : names)
      find_mask_shape(settings.shape.name)
          .units(settings.shape, at::zeros_like(model.parameters().at(name).latent).detach(), name);
} catch (const Error& error) {
  throw Error(error.kind(), error.message(), "plan");
}

void prune_to(TransformContext& context, const PruneSettings& settings, double sparsity, bool regrow) {
  const std::vector<std::string> names = selected_weights(context.model, settings);
  const std::uint64_t seed =
      derive_seed(derive_seed(context.seed, "prune"), static_cast<std::uint64_t>(context.step));
  const CriterionInput input{.model = context.model,
                             .names = names,
                             .samples = context.samples,
                             .loss = context.loss,
                             .seed = seed,
                             .sparsity = masked_fraction(context.model, names) > 0 ? 0.0 : sparsity};
  if (!regrow) return prune_by(*settings.criterion, input, sparsity, *settings.scope, settings.shape);
  const Scores scores = score_weights(*settings.criterion, input);
  prune(context.model, scores, names, sparsity, *settings.scope, settings.shape, true);
}

void note_zeros(TransformContext& context, const PruneSettings& settings) {
  const std::vector<std::string> names = selected_weights(context.model, settings);
  context.notes.push_back(fmt::format("prune: {:.2f}% zeros over {} layers",
                                      100 * masked_fraction(context.model, names), names.size()));
}

}  // namespace tern::compress
