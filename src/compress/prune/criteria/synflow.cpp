// SynFlow: |w| * dR/d|w| of the synaptic flow R (linear_flow.hpp), data-free. In 100 rounds k = 1..n the
// fraction (1 - sparsity)^(k/n) with the highest scores is kept, with R computed anew, so that no layer is
// cut off before its last path is the weakest of all. Tanaka, Kunin, Yamins and Ganguli 2020, Pruning Neural
// Networks without any Data by Iteratively Conserving Synaptic Flow. A weight kept to the last
// round has that round's score, which is not negative; one that went in round k has k - n, one that was
// pruned before -n. Global pruning to input.sparsity therefore gives the mask of the last round. Where we
// differ: in a spiking network the neurons are the identity, and batch norm counts by its factor only.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "compress/prune/criteria/criteria.hpp"
#include "compress/prune/criteria/linear_flow.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr int max_rounds = 100;

/// |w| * dR/d|w| for weights [numel], laid out one after another.
at::Tensor flow_scores(learn::Model& model, const std::vector<std::string>& names, const at::Tensor& sizes) {
  Tensors weights;
  std::vector<at::Tensor> leaves;
  std::int64_t offset = 0;
  for (const auto& name : names) {
    const at::Tensor& latent = model.parameters().at(name).latent;
    leaves.push_back(
        sizes.narrow(0, offset, latent.numel()).view(latent.sizes()).clone().set_requires_grad(true));
    weights[name] = leaves.back();
    offset += latent.numel();
  }
  std::vector<at::Tensor> scores =
      torch::autograd::grad({linear_flow(model, weights)}, leaves, {}, false, false, true);
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] =
        scores[i].defined() ? (scores[i] * leaves[i].detach()).flatten() : at::zeros({leaves[i].numel()});
  return at::cat(scores);
}

/// Writes `value` to the entries of `scores` with the lowest flow among those still alive, `count` of them.
void retire(std::vector<float>& scores, std::vector<char>& is_alive, const float* flow, std::int64_t count,
            float value) {
  std::vector<float> alive;
  alive.reserve(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    if (is_alive[i]) alive.push_back(flow[i]);
  if (count <= 0 || count >= static_cast<std::int64_t>(alive.size())) return;
  std::nth_element(alive.begin(), alive.begin() + count, alive.end());
  const float threshold = alive[static_cast<std::size_t>(count)];
  const auto below =
      std::count_if(alive.begin(), alive.begin() + count, [&](float v) { return v < threshold; });
  std::int64_t ties = count - below;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!is_alive[i] || flow[i] > threshold || (flow[i] == threshold && ties-- <= 0)) continue;
    is_alive[i] = 0;
    scores[i] = value;
  }
}

Scores score(const CriterionInput& input) {
  std::vector<at::Tensor> flat;
  for (const auto& name : input.names)
    flat.push_back(input.model.parameters().at(name).stored().abs().flatten());
  at::Tensor sizes = at::cat(flat).to(at::kFloat).contiguous();
  const auto numel = static_cast<std::size_t>(sizes.numel());
  const int rounds = input.sparsity > 0 ? max_rounds : 1;
  std::vector<float> scores(numel, static_cast<float>(-rounds));
  std::vector<char> is_alive(numel);
  for (std::size_t i = 0; i < numel; ++i) is_alive[i] = sizes.data_ptr<float>()[i] != 0.0F;
  auto alive = static_cast<std::int64_t>(std::count(is_alive.begin(), is_alive.end(), 1));

  at::Tensor flow;
  for (int round = 1; round <= rounds; ++round) {
    flow = flow_scores(input.model, input.names, sizes).contiguous();
    if (round == rounds) break;  // the last cut is the caller's
    const double kept = std::pow(1.0 - input.sparsity, static_cast<double>(round) / rounds);
    const auto target = static_cast<std::int64_t>(std::ceil(kept * static_cast<double>(numel)));
    retire(scores, is_alive, flow.data_ptr<float>(), alive - target, static_cast<float>(round - rounds));
    alive = std::min(alive, target);
    float* size = sizes.data_ptr<float>();
    for (std::size_t i = 0; i < numel; ++i) size[i] = is_alive[i] ? size[i] : 0.0F;
  }
  for (std::size_t i = 0; i < numel; ++i)
    if (is_alive[i]) scores[i] = flow.data_ptr<float>()[i];

  Scores result;
  std::int64_t offset = 0;
  for (const auto& name : input.names) {
    const at::Tensor& latent = input.model.parameters().at(name).latent;
    result[name] = at::from_blob(scores.data() + offset, latent.sizes(), at::kFloat).clone();
    offset += latent.numel();
  }
  return result;
}

}  // namespace

CriterionRow criteria::synflow() {
  return {
      {"synflow",
       "share of the synaptic flow through the weight, in 100 rounds; needs no data",
       "Tanaka et al. 2020, Pruning Neural Networks without any Data by Iteratively Conserving Synaptic Flow",
       {}},
      false,
      score};
}

}  // namespace tern::compress
