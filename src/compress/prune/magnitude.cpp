#include "compress/prune/magnitude.hpp"

#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

Scores score(const CriterionInput& input) {
  Scores scores;
  for (const auto& name : input.names) scores[name] = input.model.parameters().at(name).latent.detach().abs();
  return scores;
}

}  // namespace

MethodInfo magnitude_info() {
  return {"magnitude",
          "absolute value of the weight",
          "Han et al. 2015, Learning both Weights and Connections",
          {}};
}

CriterionRow criteria::magnitude() {
  return {magnitude_info(), false, score};
}

void prune_by_magnitude(learn::Model& model, const std::vector<std::string>& names, double sparsity,
                        bool global) {
  prune(model, score({.model = model, .names = names}), names, sparsity,
        find_scope(global ? "global" : "local"));
}

}  // namespace tern::compress
