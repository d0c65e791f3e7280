#include "train/layerwise/layer_classifier.hpp"

#include <cmath>
#include <limits>

#include "base/seed.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/dense_product.hpp"

namespace tern::train {

double loss_and_gradient(at::Tensor& scores, const at::Tensor& targets, std::int64_t of_rows) {
  const auto rows = static_cast<double>(of_rows > 0 ? of_rows : scores.size(0));
  if (targets.scalar_type() == at::kLong) {
    const at::Tensor log_p = at::log_softmax(scores, 1), at_target = targets.unsqueeze(1);
    const double loss = -log_p.gather(1, at_target).sum(at::kDouble).item<double>() / rows;
    scores = log_p.exp_();
    scores.scatter_add_(1, at_target, at::full({scores.size(0), 1}, -1.0F));
    scores.div_(rows);
    return loss;
  }
  const double loss = at::binary_cross_entropy_with_logits(scores, targets).item<double>() *
                      static_cast<double>(scores.size(0)) / rows;
  const double count = rows * static_cast<double>(scores.size(1));
  scores.sigmoid_().sub_(targets).div_(count);
  return loss;
}

Tally& Tally::operator+=(const Tally& other) {
  loss += other.loss;
  rows += other.rows;
  hits += other.hits;
  wrong += other.wrong;
  return *this;
}

double Tally::score(bool many_labels) const {
  if (hits + wrong == 0) return std::numeric_limits<double>::quiet_NaN();
  return many_labels ? 2 * hits / (2 * hits + wrong) : hits / (hits + wrong);
}

LayerGradients LayerClassifier::gradients(RowBatch& x, const at::Tensor& targets,
                                          std::int64_t of_rows) const {
  if (targets.size(0) == 0) return {0, at::zeros_like(weight), at::zeros_like(theta)};
  const at::Tensor hidden = multiply(x, weight).relu_();
  at::Tensor scores = dense_product(hidden, theta.t());
  LayerGradients out;
  out.loss = loss_and_gradient(scores, targets, of_rows);  // scores are gradients from here on
  const at::Tensor hidden_gradient = at::threshold_backward(dense_product(scores, theta), hidden, 0);
  out.theta = dense_product(scores.t(), hidden);
  out.weight = multiply_transposed(x, hidden_gradient);
  return out;
}

void LayerClassifier::step(const LayerGradients& gradients, double learning_rate) {
  weight_moments.step(weight, gradients.weight, learning_rate);
  theta_moments.step(theta, gradients.theta, learning_rate);
}

double LayerClassifier::step(RowBatch& x, const at::Tensor& targets, double learning_rate) {
  const LayerGradients found = gradients(x, targets, targets.size(0));
  step(found, learning_rate);
  return found.loss;
}

Tally LayerClassifier::tally(const RowBatch& x, const at::Tensor& targets) const {
  Tally out;
  out.rows = static_cast<double>(targets.size(0));
  if (out.rows == 0) return out;
  at::Tensor scores = dense_product(multiply(x, weight).relu_(), theta.t());
  if (targets.scalar_type() == at::kLong) {
    out.hits = static_cast<double>(scores.argmax(1).eq(targets).sum().item<std::int64_t>());
    out.wrong = out.rows - out.hits;
  } else {
    const at::Tensor predicted = scores.gt(0), is = targets.gt(0);
    out.hits = static_cast<double>(predicted.logical_and(is).sum().item<std::int64_t>());
    out.wrong = static_cast<double>(predicted.ne(is).sum().item<std::int64_t>());
  }
  out.loss = loss_and_gradient(scores, targets) * out.rows;
  return out;
}

at::Tensor glorot(std::int64_t rows, std::int64_t columns, std::uint64_t seed) {
  at::Tensor out = at::empty({rows, columns});
  const double bound = std::sqrt(6.0 / static_cast<double>(rows + columns));
  Rng rng(seed);
  float* values = out.data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i)
    values[i] = static_cast<float>(bound * (2 * rng.uniform() - 1));
  return out;
}

}  // namespace tern::train
