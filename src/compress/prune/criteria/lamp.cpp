// Layer-adaptive magnitude pruning: w_u^2 / sum of w_v^2 over the weights v of the layer that are not
// smaller. Lee, Park, Mo, Ahn and Shin 2021, Layer-adaptive Sparsity for the Magnitude-based Pruning.
// Comparing these scores globally chooses the sparsity of each layer; the largest weight of a layer scores 1
// and is the last to go.
#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

at::Tensor lamp_scores(const at::Tensor& weight) {
  const at::Tensor squares = weight.detach().to(at::kDouble).square().flatten();
  const auto [sorted, order] = squares.sort(0, true);
  const at::Tensor from_largest = sorted.cumsum(0);  // each with all that come before it: those not smaller
  const at::Tensor scores = at::where(sorted.gt(0), sorted / from_largest, at::zeros_like(sorted));
  return at::empty_like(scores).index_put_({order}, scores).to(at::kFloat).view(weight.sizes());
}

Scores score(const CriterionInput& input) {
  Scores scores;
  for (const auto& name : input.names) scores[name] = lamp_scores(input.model.parameters().at(name).latent);
  return scores;
}

}  // namespace

CriterionRow criteria::lamp() {
  return {{"lamp",
           "squared weight over the sum of squares of those that are not smaller in its layer",
           "Lee et al. 2021, Layer-adaptive Sparsity for the Magnitude-based Pruning",
           {}},
          false,
          score};
}

}  // namespace tern::compress
