#include "train/parallel/rank_source.hpp"

#include <vector>

#include "learn/torch.hpp"

namespace tern::train {
namespace {

/// Samples first .. last-1 of n at each of the steps; time is outermost.
at::Tensor take_samples(const at::Tensor& frames, std::int64_t n, std::int64_t num_steps, std::int64_t first,
                        std::int64_t last) {
  if (num_steps == 1) return frames.slice(0, first, last);
  std::vector<at::Tensor> steps;
  for (std::int64_t t = 0; t < num_steps; ++t) steps.push_back(frames.slice(0, t * n + first, t * n + last));
  return at::cat(steps);
}

}  // namespace

RankSource::RankSource(BatchSource& whole, const ProcessGroup* group)
    : whole_(whole), rank_(group ? group->rank() : 0), size_(group ? group->size() : 1) {}

std::int64_t RankSource::samples_per_epoch() const {
  const std::int64_t total = whole_.samples_per_epoch();
  return total * (rank_ + 1) / size_ - total * rank_ / size_;
}

TrainBatch RankSource::batch(std::int64_t epoch, std::int64_t index) {
  TrainBatch batch = whole_.batch(epoch, index);
  if (size_ == 1) return batch;
  const std::int64_t n = batch.num_labelled(), first = n * rank_ / size_, last = n * (rank_ + 1) / size_;
  batch.targets = batch.targets.slice(0, first, last);
  if (batch.labels.defined()) batch.labels = batch.labels.slice(0, first, last);
  if (batch.graph || batch.rows.defined()) {
    const at::Tensor rows = batch.rows.defined() ? batch.rows : at::arange(n, at::kLong);
    batch.rows = rows.slice(0, first, last);
  } else {
    batch.frames = take_samples(batch.frames, n, batch.num_steps, first, last);
  }
  return batch;
}

}  // namespace tern::train
