// Filter pruning via geometric median: sum of the distances of a filter (the weights of one output channel)
// to the other filters of its layer; a filter near the median is one that others can stand in for. All
// weights of a filter share the score. He, Liu, Wang, Hu and Yang 2019, Filter Pruning via Geometric Median.
#include "compress/prune/criteria/criteria.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

at::Tensor filter_distances(const at::Tensor& weight) {
  constexpr std::int64_t exact = 2;  // at::cdist: no detour by matrix products, which loses small distances
  const at::Tensor filters = weight.detach().flatten(1).contiguous();
  const at::Tensor sums = at::cdist(filters, filters, 2.0, exact).sum(1);
  return sums.unsqueeze(1).expand_as(filters).contiguous().view(weight.sizes());
}

Scores score(const CriterionInput& input) {
  Scores scores;
  for (const auto& name : input.names)
    scores[name] = filter_distances(input.model.parameters().at(name).latent);
  return scores;
}

}  // namespace

CriterionRow criteria::fpgm() {
  return {{"fpgm",
           "sum of a filter's distances to the other filters of its layer; meant for shape channel",
           "He et al. 2019, Filter Pruning via Geometric Median",
           {}},
          false,
          score};
}

}  // namespace tern::compress
