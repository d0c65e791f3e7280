// Training on the whole graph at once: one batch an epoch, as Kipf and Welling (2017) train.
#pragma once

#include <string>

#include "graph/graph_data.hpp"
#include "train/batch_source.hpp"
#include "train/graph/graph_task.hpp"
#include "train/graph/procedure.hpp"

namespace tern::train {

/// The whole graph in every batch; its rows are the training nodes. Memory: activations of all nodes.
class FullBatchSource : public BatchSource {
 public:
  /// Errors: those of node_task(), usage for an empty training part.
  explicit FullBatchSource(const graph::GraphData& data, const std::string& metric = {}, const std::string& loss = "ce",
                           double label_smoothing = 0);

  std::string place() const override { return "graph of " + std::to_string(task_.targets.size(0)) + " nodes"; }
  std::string identity() const override { return identity_; }
  std::int64_t batches_per_epoch() const override { return 1; }
  std::int64_t samples_per_epoch() const override { return task_.train.size(0); }
  TrainBatch batch(std::int64_t epoch, std::int64_t index) override;
  Scores evaluate(learn::Model& model) override { return evaluate_nodes(model, task_); }
  /// One batch: the graph and all its training nodes, whatever the count.
  compress::Samples samples(std::int64_t count) override;

  const NodeTask& task() const { return task_; }

 private:
  NodeTask task_;
  TrainBatch batch_;
  std::string identity_;
};

/// The row "full-batch" of the registry of procedures.
const GraphProcedure& full_batch_procedure();

}  // namespace tern::train
