#include "train/graph/full_batch.hpp"

#include "base/error.hpp"
#include "base/hash.hpp"
#include "data/graphs/graph_set.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

GraphRunResult run(learn::Model& model, const graph::GraphData& data, const GraphProcedureOptions& options) {
  FullBatchSource source(data, options.metric, options.train.loss, options.train.label_smoothing);
  return run_source(model, source, options, source.task().metric);
}

/// Kipf and Welling: Adam at 0.01, an L2 penalty of 5e-4 / 2 on the first layer's weights, 200 epochs.
void set_defaults(TrainOptions& options) {
  options.epochs = 200;
  options.optimizer.name = "adam-l2";
  options.optimizer.weight_decay = 5e-4;
  options.optimizer.decay_only = "linear1";
  options.learning_rate = {.name = "constant", .base = 0.01, .warmup_share = 0};
}

}  // namespace

FullBatchSource::FullBatchSource(const graph::GraphData& data, const std::string& metric, const std::string& loss,
                                 double label_smoothing)
    : task_(node_task(data, metric, loss)), identity_("full-batch " + to_hex(data::checksum(data)) + " " + task_.metric) {
  if (task_.train.size(0) == 0) fail(ErrorKind::usage, place(), "the training part is empty");
  batch_.frames = task_.frames;
  batch_.targets = task_.targets.index_select(0, task_.train);
  if (label_smoothing > 0)
    batch_.targets = batch_.targets * (1 - label_smoothing) + label_smoothing / static_cast<double>(data.num_classes);
  if (task_.labels.defined()) batch_.labels = task_.labels.index_select(0, task_.train);
  batch_.graph = task_.graph;
  batch_.rows = task_.train;
}

TrainBatch FullBatchSource::batch(std::int64_t, std::int64_t) { return batch_; }

compress::Samples FullBatchSource::samples(std::int64_t) {
  return {{batch_.frames, task_.targets.index_select(0, task_.train), 1, batch_.graph, batch_.rows}};
}

const GraphProcedure& full_batch_procedure() {
  static const GraphProcedure procedure{
      {"full-batch", "the whole graph in every step",
       "Kipf and Welling 2017, Semi-supervised classification with graph convolutional networks", {}},
      run, set_defaults};
  return procedure;
}

}  // namespace tern::train
