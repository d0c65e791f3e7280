// Adam for one tensor.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tern::train {

/// Kingma and Ba (2015), algorithm 1, with beta 0.9 and 0.999, eps 1e-8. Beside train/optimizer.hpp because
/// layers come and go while a classifier stays: each tensor counts its own steps, which the bias correction
/// needs. Few passes matter, too, where a first layer has a million weights and a batch few rows.
struct Adam {
  at::Tensor first, second;  ///< moments, float32 shaped as the tensor; undefined before the first step
  std::int64_t steps = 0;

  /// Moments of its own.
  Adam clone() const;
  /// REQUIRES: value and gradient float32 of one shape, contiguous. value is updated in place.
  void step(at::Tensor& value, const at::Tensor& gradient, double learning_rate);
};

}  // namespace tern::train
