// Which rank works on which clusters of a partitioned graph, and when.
//
// Cluster-GCN (Chiang et al. 2019, algorithm 1) draws q clusters a step, without replacement, and trains on
// the subgraph of their union, links between them included. With N ranks there are two ways to share a step:
//
//   exact  The q clusters are those of the single process. Every rank builds the batch graph of all q of
//   them, with its
//          normalisation, and takes the loss over the rows of its own slice (`slice`). Summed by
//          DataParallel, the gradient is that of the single process. The forward pass is repeated on every
//          rank: what is divided is the loss, and with it the rows whose gradients begin there. It is the
//          mode to compare runs with.
//   local  Each rank owns clusters for good (`deal_clusters`), needs no other's features or edges, and draws
//   its q / N
//          from them. The union of a step is a draw of q clusters in which each rank's share is fixed, so
//          that not every q-subset can occur, and links between clusters of different ranks are never seen: a
//          biased draw, the price of no traffic but gradients. Every cluster still occurs once an epoch.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tern::train {

/// owner[c] is the rank of cluster c: largest cluster first, to the rank with the fewest rows so far, ties to
/// the fewest clusters, then the lower number (Graham 1969, longest processing time first: at most 4/3 of the
/// best possible load). Every rank gets at least one. A function of its arguments. Errors: usage for
/// num_ranks < 1, fewer clusters than ranks, or a negative size.
std::vector<std::int32_t> deal_clusters(std::span<const std::int64_t> cluster_sizes, int num_ranks);

/// Clusters of a rank, ascending.
std::vector<std::int64_t> clusters_of(std::span<const std::int32_t> owner, int rank);

/// The batches of an epoch: clusters shuffled by (seed, epoch), `batch_clusters` to a batch, the last may be
/// smaller. REQUIRES: batch_clusters >= 1.
class ClusterBatches {
 public:
  /// The exact mode, and the single process: over clusters 0 .. num_clusters-1.
  static ClusterBatches global(std::int64_t num_clusters, std::int64_t batch_clusters, std::uint64_t seed,
                               std::int64_t epoch);
  /// The local mode: batches of this rank's own clusters, batch_clusters / num_ranks of them each (the first
  /// ranks take what is left over, at least one each). Every rank has as many batches as the one with most;
  /// where its clusters run out a batch is empty, and the rank steps with no rows.
  static ClusterBatches local(std::span<const std::int32_t> owner, int rank, int num_ranks,
                              std::int64_t batch_clusters, std::uint64_t seed, std::int64_t epoch);

  std::int64_t num_batches() const { return num_batches_; }
  /// Clusters of batch b, in drawn order.
  std::span<const std::int64_t> batch(std::int64_t b) const;
  /// The part of batch b that rank takes its loss over in the exact mode: contiguous, near equal in number of
  /// clusters. The slices of all ranks make up the batch; some are empty where it has fewer clusters than
  /// there are ranks.
  std::span<const std::int64_t> slice(std::int64_t b, int rank, int num_ranks) const;

 private:
  std::vector<std::int64_t> order_;
  std::int64_t batch_clusters_ = 1, num_batches_ = 0;
};

}  // namespace tern::train
