// From frames in memory to batches of floats: order of an epoch, gathering, augmentation.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/dataset.hpp"

namespace tern::data {

/// The order in which one epoch visits the samples of a split. A function of (seed, epoch) alone: a job that
/// resumes gets the same order again. Cheap to make anew each epoch.
class BatchOrder {
 public:
  /// `count` samples in batches of `batch_size`; shuffled unless `shuffle` is false (then 0, 1, 2, ...). The
  /// last batch may be smaller; with `drop_last` it is left out. Errors: usage where batch_size < 1.
  BatchOrder(std::int64_t count, std::int64_t batch_size, std::uint64_t seed, std::int64_t epoch,
             bool shuffle = true, bool drop_last = false);

  std::int64_t num_batches() const;
  /// Indices of batch `b`, 0 <= b < num_batches(). Valid while this object lives.
  std::span<const std::int64_t> batch(std::int64_t b) const;
  /// All of them, in order.
  std::span<const std::int64_t> all() const { return order_; }

 private:
  std::vector<std::int64_t> order_;
  std::int64_t batch_size_;
};

/// Random changes of a sample; off by default. The draws are a function of (seed, epoch, sample index) alone,
/// so that neither the batch nor the number of threads matters.
struct Augment {
  int max_shift = 0;  ///< whole sample moved by up to so many pixels, each axis uniform; emptied cells are 0
  double horizontal_flip = 0;  ///< probability of mirroring left and right
  double event_drop = 0;       ///< probability that one event is dropped (each event on its own)

  bool active() const { return max_shift > 0 || horizontal_flip > 0 || event_drop > 0; }
};

/// Memory order of a batch.
enum class Layout {
  channels_first,  ///< [num_steps, n, c, h, w]
  channels_last    ///< [num_steps, n, h, w, c]
};

/// Copies the samples `indices` of `split` to `dst`, as float(count) * data.value_scale, time first.
/// `dst` holds indices.size() * data.sample_size() floats in the order of `layout`. `split` is one of data's
/// parts. Multi-threaded over samples (parallel_for); the result does not depend on the number of threads.
/// Errors: usage where an index or an augmentation is out of range, or event_drop meets images.
void gather(const FrameDataset& data, const Split& split, std::span<const std::int64_t> indices, float* dst,
            Layout layout = Layout::channels_first, const Augment& augment = {}, std::uint64_t seed = 0,
            std::int64_t epoch = 0);

}  // namespace tern::data
