#include "compress/prune/criteria/block_fisher.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "compress/gradients.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Samples first .. first + count - 1 of a batch whose frames are [num_steps * n, ...].
SampleBatch part_of(const SampleBatch& batch, std::int64_t first, std::int64_t count) {
  auto sizes = batch.frames.sizes().vec();
  sizes[0] /= batch.num_steps;
  sizes.insert(sizes.begin(), batch.num_steps);
  const at::Tensor frames = batch.frames.reshape(sizes).narrow(1, first, count).flatten(0, 1);
  return {frames, batch.targets.narrow(0, first, count), batch.num_steps};
}

Samples parts_of(const Samples& samples, std::int64_t max_parts) {
  std::int64_t total = 0;
  for (const auto& batch : samples) {
    if (batch.graph) fail(ErrorKind::unsupported, "samples", "this criterion does not work on graph networks yet");
    total += batch.targets.size(0);
  }
  const std::int64_t size = std::max<std::int64_t>(1, (total + max_parts - 1) / max_parts);
  Samples parts;
  for (const auto& batch : samples)
    for (std::int64_t first = 0; first < batch.targets.size(0); first += size)
      parts.push_back(part_of(batch, first, std::min(size, batch.targets.size(0) - first)));
  return parts;
}

}  // namespace

BlockFisher::BlockFisher(std::int64_t weights, std::int64_t gradients, std::int64_t block, double damping)
    : weights_(weights), block_(std::min(block, weights)), gradients_(static_cast<double>(gradients)) {
  const std::int64_t blocks = (weights_ + block_ - 1) / block_;
  inverse_ = (at::eye(block_) / damping).expand({blocks, block_, block_}).contiguous();
}

at::Tensor BlockFisher::blocks_of(const at::Tensor& tensor) const {
  const at::Tensor flat = tensor.detach().contiguous().view({-1});
  return at::constant_pad_nd(flat, {0, inverse_.size(0) * block_ - weights_}).view({-1, block_});
}

void BlockFisher::add(const at::Tensor& gradient) {
  const at::Tensor g = blocks_of(gradient).unsqueeze(2);
  const at::Tensor u = at::bmm(inverse_, g);
  const at::Tensor scale = (g * u).sum(1, true) + gradients_;
  inverse_.baddbmm_(u, (u / scale).transpose(1, 2), 1, -1);
}

at::Tensor BlockFisher::scores(const at::Tensor& weight) const {
  const at::Tensor blocks = blocks_of(weight).square() / (2 * inverse_.diagonal(0, 1, 2));
  return blocks.view({-1}).narrow(0, 0, weights_).view(weight.sizes()).contiguous();
}

at::Tensor BlockFisher::update(const at::Tensor& weight, const at::Tensor& mask) const {
  // delta = -F^-1 y with y on the pruned weights P only and (F^-1)_PP y = w_P; elsewhere the system is the
  // identity.
  const at::Tensor w = blocks_of(weight), kept = blocks_of(mask), pruned = 1 - kept;
  const at::Tensor system = inverse_ * pruned.unsqueeze(1) * pruned.unsqueeze(2) + at::diag_embed(kept);
  const at::Tensor y = at::linalg_solve(system, (w * pruned).unsqueeze(2));
  const at::Tensor moved = (w - at::bmm(inverse_, y).squeeze(2)) * kept;
  return moved.view({-1}).narrow(0, 0, weights_).view(weight.sizes()).contiguous();
}

std::map<std::string, BlockFisher> block_fishers(learn::Model& model, const std::vector<std::string>& names,
                                                 const Samples& samples, learn::Loss loss,
                                                 std::int64_t max_gradients, std::int64_t block,
                                                 double damping) {
  const Samples parts = parts_of(samples, max_gradients);
  std::map<std::string, BlockFisher> fishers;
  for (const auto& name : names)
    fishers.emplace(name, BlockFisher(model.parameters().at(name).latent.numel(),
                                      static_cast<std::int64_t>(parts.size()), block, damping));
  for (const auto& part : parts)
    for (const auto& [name, gradient] : weight_gradients(model, names, part, loss))
      fishers.at(name).add(gradient);
  return fishers;
}

}  // namespace tern::compress
