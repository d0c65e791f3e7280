#include "train/layerwise/layer_classifier.hpp"

#include <cmath>

#include "base/seed.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/dense_product.hpp"

namespace tern::train {

double loss_and_gradient(at::Tensor& scores, const at::Tensor& targets) {
  const auto rows = static_cast<double>(scores.size(0));
  if (targets.scalar_type() == at::kLong) {
    const at::Tensor log_p = at::log_softmax(scores, 1), at_target = targets.unsqueeze(1);
    const double loss = -log_p.gather(1, at_target).sum(at::kDouble).item<double>() / rows;
    scores = log_p.exp_();
    scores.scatter_add_(1, at_target, at::full({scores.size(0), 1}, -1.0F));
    scores.div_(rows);
    return loss;
  }
  const double loss = at::binary_cross_entropy_with_logits(scores, targets).item<double>();
  const double count = rows * static_cast<double>(scores.size(1));
  scores.sigmoid_().sub_(targets).div_(count);
  return loss;
}

double LayerClassifier::step(RowBatch& x, const at::Tensor& targets, double learning_rate) {
  const at::Tensor hidden = multiply(x, weight).relu_();
  at::Tensor scores = dense_product(hidden, theta.t());
  const double loss = loss_and_gradient(scores, targets);  // scores are gradients from here on
  const at::Tensor hidden_gradient = at::threshold_backward(dense_product(scores, theta), hidden, 0);
  const at::Tensor theta_gradient = dense_product(scores.t(), hidden);
  weight_moments.step(weight, multiply_transposed(x, hidden_gradient), learning_rate);
  theta_moments.step(theta, theta_gradient, learning_rate);
  return loss;
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
