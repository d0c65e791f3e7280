// SNIP: |g * w|, the change of the loss when the weight is taken away, to first order; g is the mean gradient
// over the samples. Lee, Ajanthan and Torr 2019, SNIP: Single-Shot Network Pruning Based on Connection
// Sensitivity. Where we differ: no division by the sum of all scores, which changes no order. The mask
// is what is set: the weights that stay are trained.
#include "compress/gradients.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

Scores score(const CriterionInput& input) {
  Scores scores = weight_gradients(input.model, input.names, input.samples(), input.loss);
  for (auto& [name, gradient] : scores)
    gradient = (gradient * input.model.parameters().at(name).latent.detach()).abs();
  return scores;
}

}  // namespace

CriterionRow criteria::snip() {
  return {{"snip",
           "|gradient * weight| of the mean gradient",
           "Lee et al. 2019, SNIP: Single-Shot Network Pruning Based on Connection Sensitivity",
           {}},
          true,
          score};
}

}  // namespace tern::compress
