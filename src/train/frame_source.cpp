#include "train/frame_source.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "train/batches.hpp"
#include "train/evaluate.hpp"

namespace tern::train {

FrameSource::FrameSource(const data::FrameDataset& data, std::int64_t batch_size, const data::Augment& augment,
                         double label_smoothing, std::uint64_t seed)
    : data_(data), batch_size_(batch_size), augment_(augment), label_smoothing_(label_smoothing), seed_(seed) {
  if (data.train.size() == 0) fail(ErrorKind::usage, place(), "the training split is empty");
}

std::string FrameSource::identity() const { return fmt::format("{}", data_.checksum); }

std::int64_t FrameSource::batches_per_epoch() const { return (data_.train.size() + batch_size_ - 1) / batch_size_; }

TrainBatch FrameSource::batch(std::int64_t epoch, std::int64_t index) {
  if (!order_ || epoch != epoch_)
    order_ = std::make_unique<data::BatchOrder>(data_.train.size(), batch_size_, seed_, epoch);
  epoch_ = epoch;
  const Batch found = make_batch(data_, data_.train, order_->batch(index), augment_, seed_, epoch);
  return {found.frames, learn::one_hot(found.labels, data_.num_classes(), label_smoothing_), found.labels, found.num_steps};
}

Scores FrameSource::evaluate(learn::Model& model) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  return {data_.validation.size() > 0 ? train::evaluate(model, data_, data_.validation).accuracy : none, none};
}

compress::Samples FrameSource::samples(std::int64_t count) { return calibration_samples(data_, count); }

compress::Samples calibration_samples(const data::FrameDataset& data, std::int64_t count) {
  const std::int64_t size = data.train.size(), total = std::min(count, size);
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < total; ++i) chosen.push_back(i * size / total);
  compress::Samples samples;
  constexpr std::int64_t batch_size = 64;
  for (std::int64_t first = 0; first < total; first += batch_size) {
    const std::span<const std::int64_t> indices(chosen.data() + first,
                                                static_cast<std::size_t>(std::min(batch_size, total - first)));
    const Batch batch = make_batch(data, data.train, indices);
    samples.push_back({batch.frames, learn::one_hot(batch.labels, data.num_classes(), 0.0), batch.num_steps});
  }
  return samples;
}

}  // namespace tern::train
