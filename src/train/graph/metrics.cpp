#include "train/graph/metrics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

double accuracy(const at::Tensor& scores, const at::Tensor& targets) {
  if (scores.size(0) == 0) return undefined;
  const at::Tensor hit = targets.gather(1, scores.argmax(1, true)).squeeze(1) > 0;
  // A row with NaN is wrong, whatever argmax makes of it.
  const at::Tensor whole = scores.isnan().any(1).logical_not();
  return hit.logical_and(whole).sum().item<double>() / static_cast<double>(scores.size(0));
}

double micro_f1(const at::Tensor& scores, const at::Tensor& targets) {
  if (scores.size(0) == 0) return undefined;
  const at::Tensor truth = targets > 0;
  if (truth.sum(1).eq(1).all().item<bool>()) return accuracy(scores, targets);
  const at::Tensor predicted = scores > 0;
  const double hits = predicted.logical_and(truth).sum().item<double>();
  const double all = predicted.sum().item<double>() + truth.sum().item<double>();
  return all == 0 ? undefined : 2 * hits / all;
}

/// By ranks: (sum of the ranks of class 1 - p (p + 1) / 2) / (p q), ties sharing their mean rank.
double roc_auc(const at::Tensor& scores, const at::Tensor& targets) {
  if (scores.size(1) != 2)
    fail(ErrorKind::usage, "roc-auc", "is of two classes, the network scores {}", scores.size(1));
  const at::Tensor margin = (scores.select(1, 1) - scores.select(1, 0)).to(at::kDouble).contiguous();
  const at::Tensor is_one = (targets.select(1, 1) > 0).contiguous();
  const auto n = static_cast<std::size_t>(margin.size(0));
  std::vector<std::pair<double, bool>> samples(n);
  for (std::size_t i = 0; i < n; ++i) samples[i] = {margin.data_ptr<double>()[i], is_one.data_ptr<bool>()[i]};
  if (std::any_of(samples.begin(), samples.end(), [](const auto& s) { return std::isnan(s.first); })) return undefined;
  std::sort(samples.begin(), samples.end());
  double ranks = 0, ones = 0;
  for (std::size_t first = 0; first < n;) {
    std::size_t last = first;
    double ones_here = 0;
    for (; last < n && samples[last].first == samples[first].first; ++last) ones_here += samples[last].second;
    ranks += ones_here * (static_cast<double>(first + last) + 1) / 2;
    ones += ones_here;
    first = last;
  }
  const double zeros = static_cast<double>(n) - ones;
  return ones == 0 || zeros == 0 ? undefined : (ranks - ones * (ones + 1) / 2) / (ones * zeros);
}

}  // namespace

const std::vector<MetricRow>& metric_table() {
  static const std::vector<MetricRow> table{
      {{"accuracy", "share of samples whose largest score is at their class", "", {}}, accuracy},
      {{"micro-f1", "F1 over all samples and classes together; accuracy where samples have one class", "", {}}, micro_f1},
      {{"roc-auc", "area under the ROC curve of two classes", "Mann and Whitney 1947", {}}, roc_auc}};
  return table;
}

const MetricRow& find_metric(std::string_view name) {
  return find_method(metric_table(), "metric", name, [](const MetricRow& row) { return row.info; });
}

std::string metric_of(const graph::GraphData& data, std::string_view name) {
  const std::string chosen = !name.empty() ? std::string(name) : data.multi_labels.empty() ? "accuracy" : "micro-f1";
  find_metric(chosen);
  if (chosen == "roc-auc" && data.num_classes != 2)
    fail(ErrorKind::usage, "roc-auc", "is of two classes, the data have {}", data.num_classes);
  if (chosen == "accuracy" && !data.multi_labels.empty())
    fail(ErrorKind::usage, "accuracy", "samples have several labels each: take micro-f1");
  return chosen;
}

}  // namespace tern::train
