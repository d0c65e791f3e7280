#include "learn/losses.hpp"

#include "learn/torch.hpp"

namespace tern::learn {
namespace {

at::Tensor cross_entropy(const at::Tensor& scores, const at::Tensor& targets) {
  return -(targets * at::log_softmax(scores, 1)).sum(1).mean();
}

at::Tensor mean_squared_error(const at::Tensor& scores, const at::Tensor& targets) {
  return (scores - targets).square().mean();
}

/// max(s, 0) - s t + log(1 + exp(-|s|)): finite for any score.
at::Tensor binary_cross_entropy(const at::Tensor& scores, const at::Tensor& targets) {
  return (scores.clamp_min(0) - scores * targets + at::log1p(at::exp(-scores.abs()))).mean();
}

at::Tensor no_loss(const at::Tensor&, const at::Tensor&) { return at::zeros({}); }

}  // namespace

const std::vector<LossRow>& loss_table() {
  static const std::vector<LossRow> table{
      {{"ce", "cross entropy of softmax(scores)", "", {}}, cross_entropy},
      {{"mse", "squared distance of scores (spike rates) from the targets", "Fang et al. 2021, PLIF", {}},
       mean_squared_error},
      {{"bce", "binary cross entropy of sigmoid(scores): several labels a sample", "", {}}, binary_cross_entropy},
      {{"none", "0: what trains the network are the losses of its own operations (mincut, diffpool)", "", {}}, no_loss},
  };
  return table;
}

const LossRow& find_loss(std::string_view name) {
  return find_method(loss_table(), "loss", name, [](const LossRow& row) -> const MethodInfo& { return row.info; });
}

at::Tensor distillation_loss(const at::Tensor& student, const at::Tensor& teacher, double temperature) {
  const at::Tensor wanted = at::log_softmax(teacher.detach() / temperature, 1);
  const at::Tensor given = at::log_softmax(student / temperature, 1);
  return (wanted.exp() * (wanted - given)).sum(1).mean() * (temperature * temperature);
}

at::Tensor one_hot(const at::Tensor& labels, std::int64_t classes, double smoothing) {
  at::Tensor targets = at::full({labels.size(0), classes}, smoothing / static_cast<double>(classes));
  return targets.scatter_add_(1, labels.unsqueeze(1), at::full({labels.size(0), 1}, 1.0 - smoothing));
}

std::int64_t count_correct(const at::Tensor& scores, const at::Tensor& labels) {
  const at::Tensor right = scores.argmax(1).eq(labels) & scores.isfinite().all(1);
  return right.sum().item<std::int64_t>();
}

}  // namespace tern::learn
