// Clusters of a graph's nodes, found without labels.
#pragma once

#include <string>

#include "graph/clustering_metrics.hpp"
#include "graph/graph_data.hpp"
#include "train/batch_source.hpp"
#include "train/graph/procedure.hpp"

namespace tern::train {

/// The whole graph in every batch, with targets that nothing reads: the network's own losses (mincut,
/// diffpool) train it. An epoch is `steps` batches. Of evaluate(): validation_loss is that loss, test the NMI
/// of the clusters (the largest score of each node) with the node labels, NaN where there are none;
/// validation is NaN. Labels decide nothing.
class ClusteringSource : public BatchSource {
 public:
  /// Errors: usage for nodes without features or steps < 1.
  ClusteringSource(const graph::GraphData& data, std::int64_t clusters, std::int64_t steps);

  std::string place() const override {
    return "graph of " + std::to_string(data_.graph.num_nodes()) + " nodes";
  }
  std::string identity() const override { return identity_; }
  std::int64_t batches_per_epoch() const override { return steps_; }
  std::int64_t samples_per_epoch() const override { return steps_ * data_.graph.num_nodes(); }
  TrainBatch batch(std::int64_t, std::int64_t) override { return batch_; }
  Scores evaluate(learn::Model& model) override;
  compress::Samples samples(std::int64_t count) override;

  /// The cluster of each node in evaluation.
  std::vector<std::int32_t> clusters(learn::Model& model) const;

 private:
  const graph::GraphData& data_;
  std::int64_t steps_;
  TrainBatch batch_;
  std::string identity_;
};

/// The row "node-clustering". The metric is NMI: `last` at the end, `selected` at the epoch with the lowest
/// own loss. Notes tell homogeneity, completeness, modularity, conductance and the clusters that are used.
/// Published: Adam 5e-4 and 10,000 steps with the network mincut-clustering; their code stops by NMI, which
/// reads labels. Source: Bianchi et al. 2020, Spectral Clustering with Graph Neural Networks for Graph
/// Pooling, 5.1.
const GraphProcedure& node_clustering_procedure();

}  // namespace tern::train
