// Movement: -sum of w * g over training steps: weights that move away from zero score high, whatever their
// size. Sanh, Wolf and Rush 2020, Movement Pruning: Adaptive Sparsity by Fine-Tuning. The sum is what
// training has accumulated in Parameter::state["movement"]; a weight without one gets the sum over the
// samples, the first step of it.
#include "compress/gradients.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

Scores score(const CriterionInput& input) {
  Scores scores;
  std::vector<std::string> missing;
  for (const auto& name : input.names) {
    const learn::Parameter& parameter = input.model.parameters().at(name);
    const auto found = parameter.state.find("movement");
    if (found == parameter.state.end()) {
      missing.push_back(name);
      scores[name] = at::zeros_like(parameter.latent.detach());
    } else {
      scores[name] = found->second.clone();
    }
  }
  if (missing.empty()) return scores;
  for (const auto& batch : input.samples())
    for (const auto& [name, gradient] : weight_gradients(input.model, missing, batch, input.loss))
      scores[name].sub_(gradient * input.model.parameters().at(name).latent.detach());
  return scores;
}

}  // namespace

CriterionRow criteria::movement() {
  return {{"movement",
           "-weight * gradient summed over training steps (or over the samples before training)",
           "Sanh et al. 2020, Movement Pruning: Adaptive Sparsity by Fine-Tuning",
           {}},
          true,
          score};
}

}  // namespace tern::compress
