// From a data split to tensors.
#pragma once

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

#include "data/batch.hpp"

namespace tern::train {

struct Batch {
  at::Tensor frames;  ///< [num_steps * n, c, h, w], channels-last memory, float counts
  at::Tensor labels;  ///< int64 [n]
  std::int64_t num_steps = 0;
};

Batch make_batch(const data::FrameDataset& data, const data::Split& split, std::span<const std::int64_t> indices,
                 const data::Augment& augment = {}, std::uint64_t seed = 0, std::int64_t epoch = 0);

/// Mixed batch (Zhang et al. 2018, mixup): frames and targets become w * own + (1 - w) * those of another sample of
/// the batch, w ~ Beta(alpha, alpha), one w a batch. A function of `seed` alone.
void mix(at::Tensor& frames, at::Tensor& targets, std::int64_t num_steps, double alpha, std::uint64_t seed);

}  // namespace tern::train
