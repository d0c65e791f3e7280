// Data that some methods look at: calibration, saliency, reconstruction.
#pragma once

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tern::compress {

/// One batch as learn::forward and a learn::Loss take it.
struct SampleBatch {
  at::Tensor frames;   ///< [num_steps * n, c, h, w]
  at::Tensor targets;  ///< [n, classes], rows sum to 1
  std::int64_t num_steps = 1;
};

/// Batches of training data, never of validation or test data; not augmented.
using Samples = std::vector<SampleBatch>;

}  // namespace tern::compress
