// random: the baseline that every criterion must beat.
#include "base/seed.hpp"
#include "compress/structure/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

std::vector<double> random_scores(const ChannelScoreContext& context) {
  Rng rng(derive_seed(context.seed, "channels"));
  std::vector<double> scores(static_cast<std::size_t>(context.graph.num_coupled()));
  for (double& score : scores) score = rng.uniform();
  return scores;
}

}  // namespace

ChannelCriterionRow random_criterion() {
  return {.info = {"random", "uniform draws of the seed", "Mittal et al. 2018, Recovering from Random Pruning", {}},
          .relative = false,
          .score = random_scores};
}

}  // namespace tern::compress
