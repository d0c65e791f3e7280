// Losses and metrics over class scores.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"

namespace tern::learn {

/// scores [n, classes], targets [n, classes] (each row sums to 1: one-hot, smoothed or mixed) -> scalar mean loss.
using Loss = at::Tensor (*)(const at::Tensor& scores, const at::Tensor& targets);

struct LossRow {
  MethodInfo info;
  Loss loss;
};

/// "ce": cross entropy of softmax(scores), -sum target * log p, mean over samples.
/// "bce": binary cross entropy of sigmoid(scores), mean over samples and classes: a sample may have several labels.
/// "none": 0, for networks whose operations bring losses of their own (ForwardOptions::auxiliary).
/// "mse": mean over samples and classes of (score - target)^2, for spike rates.
const std::vector<LossRow>& loss_table();
const LossRow& find_loss(std::string_view name);

/// Distillation (Hinton et al. 2015): T^2 * KL(softmax(teacher / T) || softmax(student / T)), mean over samples.
/// `temperature` T > 0; 1 suits students of few bits: higher ones at a fixed weight have destroyed them.
at::Tensor distillation_loss(const at::Tensor& student, const at::Tensor& teacher, double temperature);

/// Rows of targets: 1 - smoothing at the label, smoothing / classes everywhere. labels: int64 [n].
at::Tensor one_hot(const at::Tensor& labels, std::int64_t classes, double smoothing);

/// Samples whose largest score is at their label; a row with NaN counts as wrong.
std::int64_t count_correct(const at::Tensor& scores, const at::Tensor& labels);

}  // namespace tern::learn
