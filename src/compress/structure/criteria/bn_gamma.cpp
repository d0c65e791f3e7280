// bn-gamma: a norm's gain says how much of its channel goes on.
#include <limits>

#include "compress/structure/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

std::vector<double> bn_gamma(const ChannelScoreContext& context) {
  const auto count = static_cast<std::size_t>(context.graph.num_coupled());
  std::vector<double> scores(count, 0.0);
  std::vector<char> has_norm(count, 0);
  const auto& nodes = context.model.net().nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].op != "batch_norm") continue;
    add_channel_scores(context.graph.outputs(i), context.model.parameter(nodes[i].name, "weight").latent.detach().abs(),
                       scores);
    for (const auto channel : context.graph.outputs(i)) has_norm[static_cast<std::size_t>(channel)] = 1;
  }
  for (std::size_t c = 0; c < count; ++c)
    if (!has_norm[c]) scores[c] = std::numeric_limits<double>::infinity();
  return scores;
}

}  // namespace

ChannelCriterionRow bn_gamma_criterion() {
  return {.info = {"bn-gamma", "sum of |gain| over the channel's norms; channels without a norm stay",
                   "Liu et al. 2017, Learning Efficient Convolutional Networks through Network Slimming", {}},
          .score = bn_gamma};
}

}  // namespace tern::compress
