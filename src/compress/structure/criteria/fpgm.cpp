// fpgm: filters near the geometric median are replaceable.
#include "compress/structure/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Sum over j of ||F_i - F_j||, the rows of `filters` [oc, taps]. The squared distances come from one matrix product
/// in double, so that time goes with oc^2 * taps and nothing of that size is held.
at::Tensor distances_to_all(const at::Tensor& filters) {
  const at::Tensor rows = filters.to(at::kDouble);
  const at::Tensor squares = rows.square().sum(1);
  const at::Tensor products = at::matmul(rows, rows.t());
  at::Tensor squared = (squares.unsqueeze(1) + squares.unsqueeze(0) - 2 * products).clamp_min_(0);
  squared.fill_diagonal_(0);
  return squared.sqrt().sum(1);
}

std::vector<double> fpgm(const ChannelScoreContext& context) {
  const c10::NoGradGuard no_grad;
  std::vector<double> scores(static_cast<std::size_t>(context.graph.num_coupled()), 0.0);
  const auto& nodes = context.model.net().nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (context.graph.form(i) == KernelForm::none) continue;
    const at::Tensor weight = context.model.parameter(nodes[i].name, "weight").stored();
    add_channel_scores(context.graph.outputs(i), distances_to_all(weight.reshape({weight.size(0), -1})), scores);
  }
  return scores;
}

}  // namespace

ChannelCriterionRow fpgm_criterion() {
  return {.info = {"fpgm", "sum of distances to the layer's other filters: small near their geometric median",
                   "He et al. 2019, Filter Pruning via Geometric Median", {}},
          .score = fpgm};
}

}  // namespace tern::compress
