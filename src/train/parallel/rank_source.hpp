// One rank's share of another source's batches.
#pragma once

#include <cstdint>
#include <string>

#include "train/batch_source.hpp"
#include "train/parallel/process_group.hpp"

namespace tern::train {

/// Of every batch of `whole`, labelled samples n * r / N up to n * (r + 1) / N for rank r of N. Together with
/// DataParallel each step is that of the single process on the whole batch.
///
/// Batches of graphs keep their graph and all features, and lose targets only: the forward pass runs over the
/// union, so that links between its clusters and its normalisation stay (the exact mode of
/// cluster_owner.hpp). Samples without a graph are independent of each other, and only the rank's own are
/// kept: there the work is divided.
///
/// Evaluation, calibration samples and identity are those of `whole` on every rank, so that all ranks go on
/// alike and a checkpoint of one fits all. Both must outlive this; `group` may be null.
class RankSource : public BatchSource {
 public:
  RankSource(BatchSource& whole, const ProcessGroup* group);

  std::string place() const override { return whole_.place(); }
  std::string identity() const override { return whole_.identity(); }
  std::int64_t batches_per_epoch() const override { return whole_.batches_per_epoch(); }
  /// Of this rank, up to rounding in each batch.
  std::int64_t samples_per_epoch() const override;
  TrainBatch batch(std::int64_t epoch, std::int64_t index) override;
  Scores evaluate(learn::Model& model) override { return whole_.evaluate(model); }
  compress::Samples samples(std::int64_t count) override { return whole_.samples(count); }

 private:
  BatchSource& whole_;
  std::int64_t rank_, size_;
};

}  // namespace tern::train
