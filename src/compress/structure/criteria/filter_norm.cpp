// l1 and l2: the size of everything coupled to a channel.
#include <cmath>

#include "compress/structure/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

template <typename Measure>
std::vector<double> kernel_scores(const ChannelScoreContext& context, Measure measure) {
  const c10::NoGradGuard no_grad;
  std::vector<double> scores(static_cast<std::size_t>(context.graph.num_coupled()), 0.0);
  const auto& nodes = context.model.net().nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i)
    if (context.graph.form(i) != KernelForm::none)
      add_kernel_scores(context.graph, i, measure(context.model.parameter(nodes[i].name, "weight").stored()), scores);
  return scores;
}

std::vector<double> l1(const ChannelScoreContext& context) {
  return kernel_scores(context, [](const at::Tensor& weight) { return weight.abs(); });
}

std::vector<double> l2(const ChannelScoreContext& context) {
  auto scores = kernel_scores(context, [](const at::Tensor& weight) { return weight.square(); });
  for (double& score : scores) score = std::sqrt(score);
  return scores;
}

}  // namespace

ChannelCriterionRow l1_criterion() {
  return {.info = {"l1", "sum of absolute weights of the coupled filters and columns",
                   "Li et al. 2017, Pruning Filters for Efficient ConvNets", {}},
          .score = l1};
}

ChannelCriterionRow l2_criterion() {
  return {.info = {"l2", "Euclidean norm of the coupled filters and columns",
                   "He et al. 2018, Soft Filter Pruning; Fang et al. 2023, DepGraph", {}},
          .score = l2};
}

}  // namespace tern::compress
