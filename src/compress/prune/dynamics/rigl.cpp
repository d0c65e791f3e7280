#include "compress/prune/dynamics/rigl.hpp"

#include "learn/torch.hpp"

namespace tern::compress {

MethodInfo rigl_info() {
  return {"rigl",
          "sparse training: the smallest weights are exchanged for those of largest gradient",
          "Evci et al. 2020, Rigging the Lottery",
          {{"interval", "int", "100", "1..1000000", "steps between exchanges"},
           {"drop", "float", "0.3", "0..1", "share of the kept weights exchanged at first"}}};
}

Scores gradient_growth(TransformContext& context, const std::vector<std::string>& names) {
  const auto gradients = context.batch_gradients();
  Scores scores;
  for (const auto& name : names) scores[name] = gradients.at(name).abs();
  return scores;
}

std::unique_ptr<Transform> make_rigl(const PruneSettings& settings) {
  require_single_weights(settings, "rigl");
  return std::make_unique<DropGrow>(settings, GrowthRule{gradient_growth});
}

}  // namespace tern::compress
