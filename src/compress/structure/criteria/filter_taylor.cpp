// taylor: how much the loss moves, to first order, when the channel goes.
#include "compress/gradients.hpp"
#include "compress/structure/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Sum of g * w over the coupled filters of one batch. Columns are left out: sum g * w over the columns that read a
/// channel is x * dL/dx, which the filters' sum is too where nothing but relu stands between.
std::vector<double> first_order(const ChannelScoreContext& context, const SampleBatch& batch) {
  std::vector<std::string> names;
  std::vector<std::size_t> places;
  const auto& nodes = context.model.net().nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (context.graph.form(i) == KernelForm::none) continue;
    names.push_back(nodes[i].name + ".weight");
    places.push_back(i);
  }
  const auto gradients = weight_gradients(context.model, names, batch, context.loss);
  std::vector<double> sums(static_cast<std::size_t>(context.graph.num_coupled()), 0.0);
  for (std::size_t k = 0; k < names.size(); ++k) {
    const at::Tensor weight = context.model.parameters().at(names[k]).stored();
    const at::Tensor products = (gradients.at(names[k]) * weight).reshape({weight.size(0), -1});
    add_channel_scores(context.graph.outputs(places[k]), products.sum(1), sums);
  }
  return sums;
}

std::vector<double> taylor(const ChannelScoreContext& context) {
  std::vector<double> scores(static_cast<std::size_t>(context.graph.num_coupled()), 0.0);
  for (const auto& batch : *context.samples) {
    const auto sums = first_order(context, batch);
    for (std::size_t c = 0; c < scores.size(); ++c)
      scores[c] += sums[c] * sums[c] / static_cast<double>(context.samples->size());
  }
  return scores;
}

}  // namespace

ChannelCriterionRow taylor_criterion() {
  return {.info = {"taylor", "mean over batches of (sum of gradient * weight over the coupled filters)^2",
                   "Molchanov et al. 2019, Importance Estimation for Neural Network Pruning, equation 8", {}},
          .needs_samples = true,
          .relative = false,
          .score = taylor};
}

}  // namespace tern::compress
