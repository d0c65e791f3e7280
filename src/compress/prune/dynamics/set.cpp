#include "compress/prune/dynamics/set.hpp"

#include "base/seed.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

MethodInfo set_info() {
  return {"set",
          "sparse training: the smallest weights are exchanged for random ones",
          "Mocanu et al. 2018",
          {{"interval", "int", "100", "1..1000000", "steps between exchanges"},
           {"drop", "float", "0.3", "0..1", "share of the kept weights exchanged at first"}}};
}

Scores random_growth(TransformContext& context, const std::vector<std::string>& names) {
  const std::uint64_t seed =
      derive_seed(derive_seed(context.seed, "set"), static_cast<std::uint64_t>(context.step));
  Scores scores;
  for (const auto& name : names)
    scores[name] = at::rand(context.model.parameters().at(name).latent.sizes(),
                            learn::make_generator(derive_seed(seed, name)), at::TensorOptions(at::kFloat));
  return scores;
}

std::unique_ptr<Transform> make_set(const PruneSettings& settings) {
  require_single_weights(settings, "set");
  return std::make_unique<DropGrow>(settings, GrowthRule{random_growth});
}

}  // namespace tern::compress
