// The two matrices that are trained at a time, with their gradients written out.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "train/layerwise/adam.hpp"
#include "train/layerwise/layer_input.hpp"

namespace tern::train {

/// Loss of scores [rows, classes] and its gradient in them, in place. targets int64 [rows]: cross entropy of
/// softmax(scores), mean over rows. targets float [rows, classes] of 0 and 1: cross entropy of
/// sigmoid(scores), mean over rows and classes. `of_rows` > 0: both are divided by that many rows instead, of
/// which these are some.
double loss_and_gradient(at::Tensor& scores, const at::Tensor& targets, std::int64_t of_rows = 0);

/// Counts that add up over rows and processes.
struct Tally {
  double loss = 0, rows = 0;   ///< summed loss, rows
  double hits = 0, wrong = 0;  ///< right and wrong classes; or true positives and all false decisions
  Tally& operator+=(const Tally& other);
  double mean_loss() const { return loss / rows; }
  /// Accuracy; with several labels micro-F1. NaN where nothing counts.
  double score(bool many_labels) const;
};

/// What a step on some of a batch's rows adds to it.
struct LayerGradients {
  double loss = 0;  ///< their share of the batch's mean loss
  at::Tensor weight, theta;
};

/// scores = relu(x W) Theta', x some rows of P X (You et al. 2020): no bias, no dropout. W [columns, hidden]
/// is the transpose of how a linear layer keeps it: sparse rows multiply it as it lies. Theta [classes,
/// hidden].
struct LayerClassifier {
  at::Tensor weight, theta;
  Adam weight_moments, theta_moments;

  /// Of the mean loss over `of_rows` rows, of which x holds some (perhaps none).
  LayerGradients gradients(RowBatch& x, const at::Tensor& targets, std::int64_t of_rows) const;
  /// One step of Adam.
  void step(const LayerGradients& gradients, double learning_rate);
  Tally tally(const RowBatch& x, const at::Tensor& targets) const;
  /// gradients and a step on a whole batch; the mean loss before it.
  double step(RowBatch& x, const at::Tensor& targets, double learning_rate);
};

/// [rows, columns], uniform in +-sqrt(6 / (rows + columns)) (Glorot and Bengio 2010), a function of the seed.
at::Tensor glorot(std::int64_t rows, std::int64_t columns, std::uint64_t seed);

}  // namespace tern::train
