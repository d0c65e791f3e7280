// Cluster-GCN: batches are the subgraphs of a few parts of a partitioned graph.
//
// Chiang, Liu, Si, Li, Bengio and Hsieh (2019), "Cluster-GCN: An Efficient Algorithm for Training Deep and
// Large Graph Convolutional Networks". Memory is that of one batch, whatever the depth of the network and the
// size of the graph.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "graph/partition/partition.hpp"
#include "train/batch_source.hpp"
#include "train/graph/layer_wise_evaluation.hpp"
#include "train/layerwise/node_data.hpp"

namespace tern::train {

struct ClusterOptions {
  std::int64_t parts = 50;  ///< 1 .. training-visible nodes
  std::int64_t clusters_per_batch =
      1;                   ///< q, 1 .. parts: above 1 drawn anew in every epoch (3.2, stochastic partitions)
  bool inductive = false;  ///< training sees its own nodes and the edges between them, else all
  /// Features become [A X, X] once, A not normalised, with the sums over cut edges too; the network has to
  /// lack its first propagation (cluster_net.hpp). Training takes A of what it sees, evaluation that of the
  /// whole graph.
  bool precompute = false;
  graph::PartitionOptions partition;
  std::filesystem::path cache;  ///< folder where partitions are kept; empty: none are
  std::uint64_t seed = 1;       ///< of the order of parts
  /// Above 1: clusters are dealt to so many blocks for good (deal_clusters), each draws q / blocks of its
  /// own, and a batch is block-diagonal: links between blocks are cut (cluster_owner.hpp, local mode). 1 ..
  /// parts.
  std::int64_t blocks = 1;
  /// Which blocks of each batch this source gives: those with number rank modulo num_ranks. All ranks
  /// together give what a source with num_ranks = 1 gives.
  int rank = 0, num_ranks = 1;
  std::string metric;  ///< a row of metric_table(); empty: accuracy, or micro-f1 with several labels
  double label_smoothing = 0;
  /// With q = 1 batches are always the same: they are kept while they take no more than this together.
  std::int64_t batch_memory_bytes = std::int64_t{256} << 20;
  LayerWiseOptions
      evaluation;  ///< its scratch folder is also that of precomputed features that do not fit there
};

/// Every node of what training sees is in one part; an epoch goes over all parts once, in an order of (seed,
/// epoch). A batch is the subgraph induced by its parts' nodes, ascending: edges between its parts are there,
/// and the network's normalisations are of this subgraph. With q = parts it is the whole graph. The loss is
/// over its training nodes; a batch may have none. With blocks the number of batches is that of the block
/// with most; others have fewer clusters then.
class ClusterSource : public BatchSource {
 public:
  /// Views `data`. Errors: those of check(data), of graph::partition, usage for q out of range, io.
  ClusterSource(const NodeData& data, const ClusterOptions& options);

  std::string place() const override;
  std::string identity() const override { return identity_; }
  std::int64_t batches_per_epoch() const override;
  std::int64_t samples_per_epoch() const override {
    return static_cast<std::int64_t>(data_.split->train.size());
  }
  TrainBatch batch(std::int64_t epoch, std::int64_t index) override;
  /// The whole graph, layer by layer where is_layer_wise() says so, else by learn::forward.
  Scores evaluate(learn::Model& model) override;
  /// Batches of q parts until there are `count` training nodes.
  compress::Samples samples(std::int64_t count) override;

  const graph::Partition& partition() const { return partition_; }
  bool partition_was_kept() const { return partition_was_kept_; }
  /// Nodes of a batch by their ids in the data: of one block after the other, ascending in each.
  std::vector<std::int32_t> nodes_of(std::int64_t epoch, std::int64_t index) const;
  const std::string& metric() const { return metric_; }

 private:
  using Nodes = std::vector<std::int32_t>;
  /// Clusters of each block of a batch that is this source's.
  std::vector<std::vector<std::int64_t>> clusters_of_batch(std::int64_t epoch, std::int64_t index) const;
  /// Visible ids of each block, ascending.
  std::vector<Nodes> blocks_of(std::int64_t epoch, std::int64_t index) const;
  TrainBatch make(const std::vector<Nodes>& blocks);
  graph::Graph graph_of(const std::vector<Nodes>& blocks);
  double measure(const RowMatrix& scores, const std::vector<std::int32_t>& nodes) const;

  NodeData data_;
  ClusterOptions options_;
  std::string metric_, identity_;
  std::vector<std::int32_t> visible_;  ///< inductive: ids of what training sees, ascending; else empty
  graph::Graph graph_;                 ///< of what training sees
  LayerInput features_;        ///< of training: rows by visible id where precomputed, else by id in the data
  LayerInput whole_features_;  ///< of evaluation
  std::vector<bool> is_training_;  ///< by id in the data
  graph::Partition partition_;
  bool partition_was_kept_ = false;
  std::vector<std::vector<std::int32_t>> parts_;   ///< visible ids of each part
  std::vector<std::int32_t> owner_;                ///< block of each cluster; empty: one block
  std::vector<std::int32_t> scratch_;              ///< of induced_subgraph
  std::vector<std::unique_ptr<TrainBatch>> kept_;  ///< of each part, where batches are single ones
  std::int64_t kept_bytes_ = 0;
};

/// [A X, X], A as it is: [num_nodes, 2 columns], in a scratch file where it takes more than half of
/// options.memory_bytes. Sparse features become dense.
RowMatrix precomputed_features(const graph::Graph& graph, const LayerInput& features,
                               const LayerWiseOptions& options);

}  // namespace tern::train
