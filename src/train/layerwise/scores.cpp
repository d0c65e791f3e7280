#include "train/layerwise/scores.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/propagation.hpp"

namespace tern::train {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

double accuracy(const RowMatrix& scores, const NodeData& data, std::span<const std::int32_t> nodes) {
  std::int64_t correct = 0, counted = 0;
  for (const std::int32_t node : nodes) {
    const std::int32_t label = data.labels[static_cast<std::size_t>(node)];
    if (label < 0) continue;
    const float* row = scores.data() + node * scores.columns();
    correct += std::max_element(row, row + scores.columns()) - row == label;
    ++counted;
  }
  return counted == 0 ? none : static_cast<double>(correct) / static_cast<double>(counted);
}

double micro_f1(const RowMatrix& scores, const NodeData& data, std::span<const std::int32_t> nodes) {
  std::int64_t hits = 0, wrong = 0;  // true positives; false positives and false negatives together
  for (const std::int32_t node : nodes)
    for (std::int64_t k = 0; k < scores.columns(); ++k) {
      const bool predicted = scores.data()[node * scores.columns() + k] > 0;
      const bool is = data.multi_labels[static_cast<std::size_t>(node * scores.columns() + k)] != 0;
      hits += predicted && is;
      wrong += predicted != is;
    }
  if (hits + wrong == 0) return none;
  return 2 * static_cast<double>(hits) / static_cast<double>(2 * hits + wrong);
}

}  // namespace

RowMatrix predict(const graph::Graph& graph, const LayerInput& features,
                  const std::vector<at::Tensor>& weights, const std::filesystem::path& scratch) {
  const c10::NoGradGuard no_grad;
  Propagation propagation(graph, scratch);
  LayerInput input = features;
  for (std::size_t layer = 0; layer < weights.size(); ++layer) {
    if (weights[layer].size(1) != input.columns())
      fail(ErrorKind::usage, "weights", "layer {} reads {} features and gets {}", layer + 1,
           weights[layer].size(1), input.columns());
    const std::string name = fmt::format("predicted-{}", layer + 1);
    input = LayerInput(transform(input, weights[layer].t().contiguous(), false, scratch, name));
    if (layer + 1 == weights.size()) break;
    input = propagation.run(input, name + "-propagated");
    for_each_block(input.rows(), input.columns(), [&](std::int64_t first, std::int64_t last) {
      input.dense().block(first, last).relu_();
      input.dense().release(first, last);
    });
  }
  return input.dense();
}

double score_of(const RowMatrix& scores, const NodeData& data, std::span<const std::int32_t> nodes) {
  return data.has_many_labels() ? micro_f1(scores, data, nodes) : accuracy(scores, data, nodes);
}

SplitScores scores_of_splits(const RowMatrix& scores, const NodeData& data) {
  return {score_of(scores, data, data.split->train), score_of(scores, data, data.split->validation),
          score_of(scores, data, data.split->test)};
}

}  // namespace tern::train
