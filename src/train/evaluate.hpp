// Accuracy and activity of a model on a split.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "learn/activity.hpp"
#include "learn/model.hpp"

namespace tern::train {

struct Evaluation {
  double accuracy = 0.0;
  std::vector<std::int64_t> predictions;  ///< class a sample, in the split's order
  std::vector<float> scores;              ///< [n, classes]
};

/// Errors: ErrorKind::usage for an empty split or one that does not fit the Net.
Evaluation evaluate(learn::Model& model, const data::FrameDataset& data, const data::Split& split,
                    std::int64_t batch_size = 64, const ProgressCallback& progress = {});

/// Activity by node over at most `max_samples` samples, spread evenly over the split.
std::map<std::string, learn::NodeActivity> measure_activity(learn::Model& model, const data::FrameDataset& data,
                                                            const data::Split& split, std::int64_t max_samples);

}  // namespace tern::train
