// Classes of whole graphs: many small graphs, a batch of them side by side in every step.
#pragma once

#include <string>
#include <vector>

#include "graph/graph_data.hpp"
#include "train/batch_source.hpp"
#include "train/graph/graph_batches.hpp"
#include "train/graph/procedure.hpp"

namespace tern::train {

/// Batches of the training graphs in a new order each epoch; the last one is smaller. Scores are the metric
/// over validation and test graphs, whose batches are built once, and the loss over validation graphs.
class GraphClassificationSource : public BatchSource {
 public:
  /// Of options: batch_size, loss, label_smoothing, seed. `data` must outlive it.
  /// Errors: usage where graphs have no labels, nodes no features, there is not exactly one split, or nothing
  /// to train on.
  GraphClassificationSource(const graph::GraphData& data, const TrainOptions& options,
                            const std::string& metric = {});

  std::string place() const override { return std::to_string(data_.num_graphs()) + " graphs"; }
  std::string identity() const override { return identity_; }
  std::int64_t batches_per_epoch() const override;
  std::int64_t samples_per_epoch() const override { return std::ssize(data_.splits.front().train); }
  TrainBatch batch(std::int64_t epoch, std::int64_t index) override;
  Scores evaluate(learn::Model& model) override;
  compress::Samples samples(std::int64_t count) override;
  const std::string& metric() const { return metric_; }

 private:
  const graph::GraphData& data_;
  GraphShelf shelf_;
  TrainOptions options_;
  std::string metric_, identity_;
  std::vector<TrainBatch> validation_, test_;
  std::int64_t epoch_ = 0;
  std::vector<std::int32_t> order_;  ///< of epoch_
};

/// Sets `selected` and `selected_epoch` to the epoch with the lowest validation loss, the first of equal
/// ones; leaves them where none was measured.
void select_by_loss(GraphRunResult& result);

/// The row "graph-classification". `selected` is the epoch with the lowest validation loss, as published; with
/// train.patience training ends so many epochs behind it. Published: Adam 5e-4, decay 1e-4 ("adam-l2"), at
/// most 500 epochs, patience 50, batches of one graph. We differ in batches of 32 at a rate of 2e-3 unless
/// asked: single graphs cost many times more.
/// Source: Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph Pooling, 5.3.
const GraphProcedure& graph_classification_procedure();

}  // namespace tern::train
