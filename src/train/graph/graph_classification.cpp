#include "train/graph/graph_classification.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/seed.hpp"
#include "data/graphs/graph_set.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "train/graph/metrics.hpp"
#include "train/graph/procedures.hpp"

namespace tern::train {
namespace {

constexpr std::int64_t evaluated_together = 64;  // graphs

struct Measured {
  double score, loss;
};

Measured measure(learn::Model& model, const std::vector<TrainBatch>& batches, const std::string& metric,
                 const std::string& loss) {
  if (batches.empty())
    return {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
  std::vector<at::Tensor> scores, targets;
  for (const TrainBatch& batch : batches) {
    scores.push_back(compress::run(model, {batch.frames, batch.targets, 1, batch.graph, batch.rows}));
    targets.push_back(batch.targets);
  }
  const at::Tensor all = at::cat(scores), wanted = at::cat(targets);
  return {find_metric(metric).metric(all, wanted), learn::find_loss(loss).loss(all, wanted).item<double>()};
}

void check_options(const graph::GraphData& data, const TrainOptions& options) {
  if (data.splits.size() != 1)
    fail(ErrorKind::usage, "graph data", "{} splits, expected one", data.splits.size());
  if (data.splits.front().train.empty()) fail(ErrorKind::usage, "graph data", "the training part is empty");
  if (options.batch_size < 1)
    fail(ErrorKind::usage, "train", "batch size {}: expected at least 1", options.batch_size);
}

GraphRunResult run(learn::Model& model, const graph::GraphData& data, const GraphProcedureOptions& options) {
  check_parameters(graph_classification_procedure().info, options);
  GraphClassificationSource source(data, options.train, options.metric);
  GraphRunResult result = run_source(model, source, options, source.metric());
  select_by_loss(result);
  return result;
}

void set_defaults(TrainOptions& options) {
  options.epochs = 500;
  options.patience = 50;
  options.batch_size = 32;
  options.optimizer.name = "adam-l2";
  options.optimizer.weight_decay = 1e-4;
  options.learning_rate = {"constant", 2e-3, 0};
}

}  // namespace

void select_by_loss(GraphRunResult& result) {
  const EpochResult* best = nullptr;
  for (const EpochResult& epoch : result.history)
    if (std::isfinite(epoch.validation_loss) &&
        (best == nullptr || epoch.validation_loss < best->validation_loss))
      best = &epoch;
  if (best == nullptr) return;
  result.selected = {best->validation_accuracy, best->test_accuracy, best->validation_loss};
  result.selected_epoch = best->epoch;
}

GraphClassificationSource::GraphClassificationSource(const graph::GraphData& data,
                                                     const TrainOptions& options, const std::string& metric)
    : data_(data), shelf_(data), options_(options), metric_(metric_of(data, metric)) {
  check_options(data, options);
  identity_ = fmt::format("graphs {} {} {}", to_hex(data::checksum(data)), metric_, options.batch_size);
  validation_ = shelf_.batches(data.splits.front().validation, evaluated_together);
  test_ = shelf_.batches(data.splits.front().test, evaluated_together);
}

std::int64_t GraphClassificationSource::batches_per_epoch() const {
  return (samples_per_epoch() + options_.batch_size - 1) / options_.batch_size;
}

TrainBatch GraphClassificationSource::batch(std::int64_t epoch, std::int64_t index) {
  const auto& train = data_.splits.front().train;
  if (epoch != epoch_) {
    Rng rng(derive_seed(derive_seed(options_.seed, "order of graphs"), static_cast<std::uint64_t>(epoch)));
    order_.clear();
    for (const std::int64_t i : permutation(std::ssize(train), rng))
      order_.push_back(train[static_cast<std::size_t>(i)]);
    epoch_ = epoch;
  }
  const std::int64_t first = index * options_.batch_size,
                     count = std::min(options_.batch_size, std::ssize(order_) - first);
  return shelf_.batch(
      std::span(order_).subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)),
      options_.label_smoothing);
}

Scores GraphClassificationSource::evaluate(learn::Model& model) {
  const Measured validation = measure(model, validation_, metric_, options_.loss);
  return {validation.score, measure(model, test_, metric_, options_.loss).score, validation.loss};
}

compress::Samples GraphClassificationSource::samples(std::int64_t count) {
  const auto& train = data_.splits.front().train;
  const auto wanted = static_cast<std::size_t>(std::clamp<std::int64_t>(count, 1, std::ssize(train)));
  compress::Samples out;
  for (const TrainBatch& batch : shelf_.batches(std::span(train).first(wanted), evaluated_together))
    out.push_back({batch.frames, batch.targets, 1, batch.graph, batch.rows});
  return out;
}

const GraphProcedure& graph_classification_procedure() {
  static const GraphProcedure procedure{
      {"graph-classification",
       "classes of whole graphs, a batch of graphs in every step",
       "Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph Pooling",
       {}},
      run,
      set_defaults};
  return procedure;
}

}  // namespace tern::train
