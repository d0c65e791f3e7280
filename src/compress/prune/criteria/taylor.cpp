// First-order Taylor: mean over batches of (g * w)^2, with the gradient g of each batch: the squared change
// of the loss when the weight is taken away. Unlike snip, gradients of opposite signs do not cancel between
// batches. Molchanov, Mallya, Tyree, Frosio and Kautz 2019, Importance Estimation for Neural Network Pruning.
#include "compress/gradients.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

Scores score(const CriterionInput& input) {
  Scores scores;
  const Samples& samples = input.samples();
  for (const auto& batch : samples)
    for (const auto& [name, gradient] : weight_gradients(input.model, input.names, batch, input.loss)) {
      const at::Tensor term = (gradient * input.model.parameters().at(name).latent.detach()).square();
      at::Tensor& sum = scores[name];
      sum = sum.defined() ? sum + term : term;
    }
  for (auto& [name, sum] : scores) sum.div_(static_cast<double>(samples.size()));
  return scores;
}

}  // namespace

CriterionRow criteria::taylor() {
  return {{"taylor",
           "(gradient * weight)^2, mean over batches",
           "Molchanov et al. 2019, Importance Estimation for Neural Network Pruning",
           {}},
          true,
          score};
}

}  // namespace tern::compress
