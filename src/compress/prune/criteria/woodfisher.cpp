// WoodFisher: w_q^2 / (2 [F^-1]_qq), the least growth of the loss at a minimum when weight q goes and the
// others of its block make up for it, with the empirical Fisher information F for the Hessian. Singh and
// Alistarh 2020, WoodFisher. compensate() moves the kept weights by the optimal update
// for all pruned ones of a block together, where the paper adds up the updates of single weights.
#include "compress/prune/criteria/as_before.hpp"
#include "compress/prune/criteria/block_fisher.hpp"
#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t max_gradients = 128, block = 32;
constexpr double damping = 1e-5;

std::map<std::string, BlockFisher> fishers_of(const CriterionInput& input) {
  return block_fishers(input.model, input.names, input.samples(), input.loss, max_gradients, block, damping);
}

Scores score(const CriterionInput& input) {
  Scores scores;
  for (const auto& [name, fisher] : fishers_of(input))
    scores[name] = fisher.scores(input.model.parameters().at(name).latent);
  return scores;
}

void compensate(const CriterionInput& input, const Tensors& before) {
  std::map<std::string, BlockFisher> fishers;
  {
    const AsBefore as_before(input.model, before);
    fishers = fishers_of(input);
  }
  const c10::NoGradGuard no_grad;
  for (const auto& [name, fisher] : fishers) {
    learn::Parameter& parameter = input.model.parameters().at(name);
    parameter.latent.copy_(fisher.update(before.at(name), parameter.mask));
  }
}

}  // namespace

CriterionRow criteria::woodfisher() {
  return {{"woodfisher",
           "weight^2 / (2 [F^-1]_qq) with the block-diagonal empirical Fisher information F",
           "Singh and Alistarh 2020, WoodFisher: Efficient Second-Order Approximation for Neural Network "
           "Compression",
           {}},
          true,
          score,
          compensate};
}

}  // namespace tern::compress
