// The two matrices that are trained at a time, with their gradients written out.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "train/layerwise/adam.hpp"
#include "train/layerwise/layer_input.hpp"

namespace tern::train {

/// Loss of scores [rows, classes] and its gradient in them, in place. targets int64 [rows]: cross entropy of
/// softmax(scores), mean over rows. targets float [rows, classes] of 0 and 1: cross entropy of
/// sigmoid(scores), mean over rows and classes.
double loss_and_gradient(at::Tensor& scores, const at::Tensor& targets);

/// scores = relu(x W) Theta', x some rows of P X (You et al. 2020): no bias, no dropout. W [columns, hidden]
/// is the transpose of how a linear layer keeps it: sparse rows multiply it as it lies. Theta [classes,
/// hidden].
struct LayerClassifier {
  at::Tensor weight, theta;
  Adam weight_moments, theta_moments;

  /// One step of Adam on a batch; the mean loss before it.
  double step(RowBatch& x, const at::Tensor& targets, double learning_rate);
};

/// [rows, columns], uniform in +-sqrt(6 / (rows + columns)) (Glorot and Bengio 2010), a function of the seed.
at::Tensor glorot(std::int64_t rows, std::int64_t columns, std::uint64_t seed);

}  // namespace tern::train
