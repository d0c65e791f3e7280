#include "train/batches.hpp"

#include "base/seed.hpp"
#include "learn/torch.hpp"

namespace tern::train {

Batch make_batch(const data::FrameDataset& data, const data::Split& split, std::span<const std::int64_t> indices,
                 const data::Augment& augment, std::uint64_t seed, std::int64_t epoch) {
  const auto n = static_cast<std::int64_t>(indices.size());
  const std::int64_t c = data.sample_shape[0], h = data.sample_shape[1], w = data.sample_shape[2];
  const at::Tensor memory = at::empty({data.num_steps * n, h, w, c}, at::kFloat);
  data::gather(data, split, indices, memory.data_ptr<float>(), data::Layout::channels_last, augment, seed, epoch);
  at::Tensor labels = at::empty({n}, at::kLong);
  for (std::int64_t i = 0; i < n; ++i)
    labels.data_ptr<std::int64_t>()[i] = split.labels[static_cast<std::size_t>(indices[static_cast<std::size_t>(i)])];
  return {memory.permute({0, 3, 1, 2}), labels, data.num_steps};
}

void mix(at::Tensor& frames, at::Tensor& targets, std::int64_t num_steps, double alpha, std::uint64_t seed) {
  Rng rng(seed);
  const double weight = rng.beta(alpha, alpha);
  const std::int64_t n = targets.size(0);
  const auto order = permutation(n, rng);
  const at::Tensor partner = at::tensor(order, at::kLong);
  std::vector<std::int64_t> folded;
  for (std::int64_t t = 0; t < num_steps; ++t)
    for (const auto index : order) folded.push_back(t * n + index);
  frames = frames * weight + frames.index_select(0, at::tensor(folded, at::kLong)) * (1 - weight);
  targets = targets * weight + targets.index_select(0, partner) * (1 - weight);
}

}  // namespace tern::train
