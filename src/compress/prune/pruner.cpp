#include "compress/prune/pruner.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// One weight on its way to a new mask.
struct Layer {
  std::string name;
  at::Tensor scores;  ///< contiguous, on the CPU; the lowest number where the weight is pruned already
  at::Tensor mask;    ///< contiguous, on the CPU
  std::int64_t zeros = 0;
  PruneUnits units;
};

/// A unit that is not wholly pruned yet.
struct Candidate {
  float score;  ///< mean over its kept weights
  std::int32_t layer;
  std::int64_t unit;
  std::int64_t cost;  ///< kept weights
};

bool comes_first(const Candidate& a, const Candidate& b) {
  if (a.score != b.score) return a.score < b.score;
  return a.layer != b.layer ? a.layer < b.layer : a.unit < b.unit;
}

at::Tensor on_cpu(const at::Tensor& tensor) {
  return tensor.detach().to(at::kCPU, at::kFloat).contiguous();
}

Layer read_layer(const learn::Model& model, const Scores& scores, const std::string& name,
                 const MaskShape& shape, bool regrow) {
  const learn::Parameter& parameter = model.parameters().at(name);
  const at::Tensor& given = scores.at(name);
  if (given.sizes() != parameter.latent.sizes())
    fail(ErrorKind::internal, name, "expected scores [{}], got [{}]",
         fmt::join(parameter.latent.sizes(), ", "), fmt::join(given.sizes(), ", "));
  if (!given.isfinite().all().item<bool>())
    fail(ErrorKind::bad_data, name, "its pruning scores are not finite");
  Layer layer{name, on_cpu(given), at::ones(given.sizes()), 0, {}};
  if (!regrow && parameter.mask.defined()) {
    layer.mask.copy_(parameter.mask);
    layer.scores = layer.scores.masked_fill(layer.mask.eq(0), std::numeric_limits<float>::lowest());
    layer.zeros = layer.mask.eq(0).sum().item<std::int64_t>();
  }
  layer.units = find_mask_shape(shape.name).units(shape, layer.scores, name);
  return layer;
}

void add_candidates(const Layer& layer, std::int32_t number, std::vector<Candidate>& candidates) {
  const float* scores = layer.scores.data_ptr<float>();
  const float* mask = layer.mask.data_ptr<float>();
  const auto& [offsets, indices] = layer.units;
  for (std::size_t u = 0; u + 1 < offsets.size(); ++u) {
    double sum = 0;
    std::int64_t cost = 0;
    for (auto i = offsets[u]; i < offsets[u + 1]; ++i) {
      const std::int64_t index = indices[static_cast<std::size_t>(i)];
      if (mask[index] == 0.0F) continue;
      sum += scores[index];
      ++cost;
    }
    if (cost > 0)
      candidates.push_back(
          {static_cast<float>(sum / static_cast<double>(cost)), number, static_cast<std::int64_t>(u), cost});
  }
}

/// Brings the first candidates to the front, as many as come nearest to `target` weights, and returns their
/// number. Quickselect by cost instead of count: linear on average.
std::size_t choose(std::vector<Candidate>& candidates, std::int64_t target) {
  std::size_t low = 0, high = candidates.size();
  const auto at = [&](std::size_t i) { return candidates.begin() + static_cast<std::ptrdiff_t>(i); };
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    std::nth_element(at(low), at(middle), at(high), comes_first);
    std::int64_t cost = 0;
    for (std::size_t i = low; i <= middle; ++i) cost += candidates[i].cost;
    if (cost <= target) {
      target -= cost;
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const bool nearer_with_next = low < candidates.size() && candidates[low].cost - target < target;
  return low + (nearer_with_next ? 1 : 0);
}

/// Prunes candidates for `target` weights; returns how many weights went.
std::int64_t take(std::vector<Layer>& layers, std::vector<Candidate>& candidates, std::int64_t target) {
  if (target <= 0) return 0;
  const std::size_t count = choose(candidates, target);
  std::int64_t taken = 0;
  for (std::size_t c = 0; c < count; ++c) {
    Layer& layer = layers[static_cast<std::size_t>(candidates[c].layer)];
    const auto unit = static_cast<std::size_t>(candidates[c].unit);
    float* mask = layer.mask.data_ptr<float>();
    for (auto i = layer.units.offsets[unit]; i < layer.units.offsets[unit + 1]; ++i)
      mask[layer.units.indices[static_cast<std::size_t>(i)]] = 0.0F;
    taken += candidates[c].cost;
  }
  return taken;
}

void take_globally(std::vector<Layer>& layers, double sparsity) {
  std::vector<Candidate> candidates;
  std::int64_t weights = 0, zeros = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    add_candidates(layers[l], static_cast<std::int32_t>(l), candidates);
    weights += layers[l].mask.numel();
    zeros += layers[l].zeros;
  }
  take(layers, candidates, std::llround(sparsity * static_cast<double>(weights)) - zeros);
}

/// What a layer misses of its share by the size of its units goes to the next, by half a unit at most.
void take_by_layer(std::vector<Layer>& layers, double sparsity, const ScopeRow& scope,
                   const MaskShape& shape) {
  std::vector<Extents> extents;
  for (const auto& layer : layers) extents.push_back(layer.mask.sizes().vec());
  const auto zeros = zeros_by_layer(scope, extents, sparsity);
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const double share = static_cast<double>(zeros[l] - 1) / static_cast<double>(layers[l].mask.numel());
    if (share > max_sparsity(shape))
      fail(ErrorKind::usage, layers[l].name,
           "mask shape {} reaches a sparsity of {}, scope {} asks for {:.3f} here: "
           "use scope local or a lower sparsity",
           to_text(shape), max_sparsity(shape), scope.info.name, share);
  }
  std::int64_t carry = 0;
  for (std::size_t l = 0; l < layers.size(); ++l) {
    std::vector<Candidate> candidates;
    add_candidates(layers[l], static_cast<std::int32_t>(l), candidates);
    std::int64_t largest = 0;
    for (const auto& candidate : candidates) largest = std::max(largest, candidate.cost);
    const std::int64_t target = zeros[l] - layers[l].zeros + std::clamp(carry, -largest / 2, largest / 2);
    carry = target - take(layers, candidates, target);
  }
}

}  // namespace

void prune(learn::Model& model, const Scores& scores, const std::vector<std::string>& names, double sparsity,
           const ScopeRow& scope, const MaskShape& shape, bool regrow) {
  if (!(sparsity >= 0.0 && sparsity < 1.0))
    fail(ErrorKind::usage, "prune", "sparsity must be at least 0 and below 1, got {}", sparsity);
  if (sparsity > max_sparsity(shape) + 1e-9)
    fail(ErrorKind::usage, "prune", "mask shape {} reaches a sparsity of {}, got {}", to_text(shape),
         max_sparsity(shape), sparsity);
  std::vector<Layer> layers;
  for (const auto& name : names) layers.push_back(read_layer(model, scores, name, shape, regrow));
  scope.densities ? take_by_layer(layers, sparsity, scope, shape) : take_globally(layers, sparsity);

  const c10::NoGradGuard no_grad;
  for (const auto& layer : layers) {
    learn::Parameter& parameter = model.parameters().at(layer.name);
    parameter.mask = layer.mask.to(parameter.latent.device());
    parameter.latent.mul_(parameter.trainable_mask());
  }
}

void prune_by(const CriterionRow& criterion, const CriterionInput& input, double sparsity,
              const ScopeRow& scope, const MaskShape& shape) {
  const Scores scores = score_weights(criterion, input);
  const Tensors before = copy_latents(input.model, input.names);
  prune(input.model, scores, input.names, sparsity, scope, shape);
  if (criterion.compensate) criterion.compensate(input, before);
}

double masked_fraction(const learn::Model& model, const std::vector<std::string>& names) {
  double zeros = 0, total = 0;
  for (const auto& name : names) {
    const learn::Parameter& parameter = model.parameters().at(name);
    total += static_cast<double>(parameter.latent.numel());
    if (parameter.mask.defined()) zeros += parameter.mask.eq(0).sum().item<double>();
  }
  return total > 0 ? zeros / total : 0.0;
}

}  // namespace tern::compress
