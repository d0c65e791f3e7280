#include "compress/prune/dynamics/snfs.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr const char* momentum_key = "growth_momentum";
constexpr double momentum_share = 0.9;

void observe_momentum(TransformContext& context, const std::vector<std::string>& names) {
  const auto gradients = context.batch_gradients();
  const c10::NoGradGuard no_grad;
  for (const auto& name : names) {
    learn::Parameter& parameter = context.model.parameters().at(name);
    at::Tensor& momentum = parameter.state[momentum_key];
    if (!momentum.defined()) momentum = at::zeros_like(parameter.latent).detach();
    momentum.mul_(momentum_share).add_(gradients.at(name), 1.0 - momentum_share);
  }
}

Scores momentum_growth(TransformContext& context, const std::vector<std::string>& names) {
  Scores scores;
  for (const auto& name : names)
    scores[name] = context.model.parameters().at(name).state.at(momentum_key).abs();
  return scores;
}

std::vector<std::int64_t> momentum_shares(const learn::Model& model, const std::vector<std::string>& names,
                                          const std::vector<std::int64_t>& dropped,
                                          const std::vector<std::int64_t>& room) {
  std::vector<double> means;
  for (const auto& name : names) {
    const learn::Parameter& parameter = model.parameters().at(name);
    const at::Tensor momentum = parameter.state.at(momentum_key).abs() * parameter.mask;
    means.push_back(momentum.sum(at::kDouble).item<double>() /
                    std::max(1.0, parameter.mask.sum(at::kDouble).item<double>()));
  }
  return split_by_weight(std::accumulate(dropped.begin(), dropped.end(), std::int64_t{0}), means, room);
}

}  // namespace

MethodInfo snfs_info() {
  return {"snfs",
          "sparse training: growth by momentum of gradients, shared out between layers",
          "Dettmers and Zettlemoyer 2019, Sparse Networks from Scratch",
          {{"interval", "int", "100", "1..1000000", "steps between exchanges"},
           {"drop", "float", "0.3", "0..1", "share of the kept weights exchanged at first"}}};
}

std::vector<std::int64_t> split_by_weight(std::int64_t total, const std::vector<double>& weights,
                                          const std::vector<std::int64_t>& room) {
  const std::size_t count = weights.size();
  std::vector<std::int64_t> parts(count, 0);
  for (std::int64_t left = total; left > 0;) {  // each round fills a layer or gives all that is left away
    double sum = 0, open_room = 0;
    for (std::size_t i = 0; i < count; ++i)
      if (parts[i] < room[i]) sum += weights[i], open_room += static_cast<double>(room[i] - parts[i]);
    std::vector<std::pair<double, std::size_t>> remainders;
    std::int64_t given = 0;
    const std::int64_t before = left;
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t free = room[i] - parts[i];
      if (free == 0) continue;
      const double share = sum > 0 ? weights[i] / sum : static_cast<double>(free) / open_room;
      const double exact = share * static_cast<double>(before);
      const std::int64_t part = std::min(free, static_cast<std::int64_t>(exact));
      parts[i] += part;
      given += part;
      if (part < free && share > 0) remainders.emplace_back(static_cast<double>(part) - exact, i);
    }
    left -= given;
    std::sort(remainders.begin(), remainders.end());
    for (const auto& [remainder, i] : remainders) {
      if (left == 0) break;
      ++parts[i];
      --left;
    }
  }
  return parts;
}

std::unique_ptr<Transform> make_snfs(const PruneSettings& settings) {
  require_single_weights(settings, "snfs");
  return std::make_unique<DropGrow>(
      settings, GrowthRule{momentum_growth, momentum_shares, observe_momentum, 10, momentum_key});
}

}  // namespace tern::compress
