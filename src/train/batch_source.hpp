// Where a training run gets its batches: frames and images, whole graphs, clusters of a graph, batches of graphs.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "compress/samples.hpp"
#include "learn/model.hpp"

namespace tern::train {

/// One batch to train on.
struct TrainBatch {
  at::Tensor frames;   ///< as learn::forward takes them; undefined where `graph` has sparse features
  at::Tensor targets;  ///< [n, classes], a row for each entry of `rows`
  at::Tensor labels;   ///< int64 [n], the classes; undefined where samples have several
  std::int64_t num_steps = 1;
  std::shared_ptr<const learn::GraphBatch> graph{};
  at::Tensor rows{};   ///< int64, ascending: the samples that have targets; undefined: all

  std::int64_t num_labelled() const { return targets.size(0); }
};

/// How well a model does; NaN where there is nothing to measure on.
struct Scores {
  double validation = 0;
  double test = 0;  ///< reported, never selected on; sources that pay for it separately leave it NaN
  double validation_loss = std::numeric_limits<double>::quiet_NaN();  ///< where the source measures it
};

/// A function of (epoch, index) alone: the same call gives the same batch, so that a killed run resumes bit for bit.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// For messages: "data set 'cora'".
  virtual std::string place() const = 0;
  /// Changes with the data and everything that decides the batches.
  virtual std::string identity() const = 0;
  virtual std::int64_t batches_per_epoch() const = 0;
  /// Labelled samples that an epoch shows, for progress.
  virtual std::int64_t samples_per_epoch() const = 0;
  /// epoch from 1. A batch may have no labelled samples (num_labelled() 0): it is passed over.
  virtual TrainBatch batch(std::int64_t epoch, std::int64_t index) = 0;
  /// After an epoch. REQUIRES: no gradients are recorded.
  virtual Scores evaluate(learn::Model& model) = 0;
  /// About `count` training samples, not augmented: what plans calibrate on.
  virtual compress::Samples samples(std::int64_t count) = 0;
};

}  // namespace tern::train
