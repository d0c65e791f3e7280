// Batches of event frames and images.
#pragma once

#include "data/batch.hpp"
#include "data/dataset.hpp"
#include "train/batch_source.hpp"

namespace tern::train {

/// data.train in shuffled batches, augmented; evaluated on data.validation.
class FrameSource : public BatchSource {
 public:
  /// Errors: usage where the training split is empty.
  FrameSource(const data::FrameDataset& data, std::int64_t batch_size, const data::Augment& augment,
              double label_smoothing, std::uint64_t seed);

  std::string place() const override { return "data set '" + data_.name + "'"; }
  std::string identity() const override;
  std::int64_t batches_per_epoch() const override;
  std::int64_t samples_per_epoch() const override { return data_.train.size(); }
  TrainBatch batch(std::int64_t epoch, std::int64_t index) override;
  Scores evaluate(learn::Model& model) override;
  compress::Samples samples(std::int64_t count) override;

 private:
  const data::FrameDataset& data_;
  std::int64_t batch_size_;
  data::Augment augment_;
  double label_smoothing_;
  std::uint64_t seed_;
  std::int64_t epoch_ = 0;
  std::unique_ptr<data::BatchOrder> order_;  ///< of epoch_
};

/// Samples of the training split spread evenly over it, in batches of 64, not augmented: what plans calibrate on.
compress::Samples calibration_samples(const data::FrameDataset& data, std::int64_t count);

}  // namespace tern::train
