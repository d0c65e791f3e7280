#include "train/parallel/cluster_owner.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::train {
namespace {

/// How many of `batch_clusters` a rank draws a step.
std::int64_t share_of(std::int64_t batch_clusters, int rank, int num_ranks) {
  const std::int64_t share = batch_clusters / num_ranks + (rank < batch_clusters % num_ranks ? 1 : 0);
  return std::max<std::int64_t>(share, 1);
}

std::int64_t batches_for(std::int64_t num_clusters, std::int64_t batch_clusters) {
  return (num_clusters + batch_clusters - 1) / batch_clusters;
}

Rng epoch_rng(std::uint64_t seed, std::int64_t epoch) {
  return Rng(derive_seed(derive_seed(seed, "clusters"), static_cast<std::uint64_t>(epoch)));
}

}  // namespace

std::vector<std::int32_t> deal_clusters(std::span<const std::int64_t> cluster_sizes, int num_ranks) {
  if (num_ranks < 1 || cluster_sizes.size() < static_cast<std::size_t>(num_ranks))
    fail(ErrorKind::usage, "clusters", "{} clusters cannot be dealt to {} ranks: each needs one",
         cluster_sizes.size(), num_ranks);
  if (std::any_of(cluster_sizes.begin(), cluster_sizes.end(), [](std::int64_t size) { return size < 0; }))
    fail(ErrorKind::usage, "clusters", "a cluster has a negative number of rows");
  std::vector<std::size_t> order(cluster_sizes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return cluster_sizes[a] > cluster_sizes[b]; });
  std::vector<std::int64_t> rows(static_cast<std::size_t>(num_ranks), 0), clusters(rows);
  std::vector<std::int32_t> owner(cluster_sizes.size());
  for (const std::size_t cluster : order) {
    // Empty clusters are dealt by number, so that no rank goes without.
    std::size_t least = 0;
    for (std::size_t r = 1; r < rows.size(); ++r)
      if (std::pair(rows[r], clusters[r]) < std::pair(rows[least], clusters[least])) least = r;
    owner[cluster] = static_cast<std::int32_t>(least);
    rows[least] += cluster_sizes[cluster];
    ++clusters[least];
  }
  return owner;
}

std::vector<std::int64_t> clusters_of(std::span<const std::int32_t> owner, int rank) {
  std::vector<std::int64_t> clusters;
  for (std::size_t c = 0; c < owner.size(); ++c)
    if (owner[c] == rank) clusters.push_back(static_cast<std::int64_t>(c));
  return clusters;
}

ClusterBatches ClusterBatches::global(std::int64_t num_clusters, std::int64_t batch_clusters,
                                      std::uint64_t seed, std::int64_t epoch) {
  ClusterBatches batches;
  Rng rng = epoch_rng(seed, epoch);
  batches.order_ = permutation(num_clusters, rng);
  batches.batch_clusters_ = batch_clusters;
  batches.num_batches_ = batches_for(num_clusters, batch_clusters);
  return batches;
}

ClusterBatches ClusterBatches::local(std::span<const std::int32_t> owner, int rank, int num_ranks,
                                     std::int64_t batch_clusters, std::uint64_t seed, std::int64_t epoch) {
  ClusterBatches batches;
  const std::vector<std::int64_t> mine = clusters_of(owner, rank);
  Rng rng = epoch_rng(derive_seed(seed, static_cast<std::uint64_t>(rank)), epoch);
  for (const std::int64_t i : permutation(static_cast<std::int64_t>(mine.size()), rng))
    batches.order_.push_back(mine[static_cast<std::size_t>(i)]);
  batches.batch_clusters_ = share_of(batch_clusters, rank, num_ranks);
  for (int r = 0; r < num_ranks; ++r) {
    const std::int64_t count = std::count(owner.begin(), owner.end(), r);
    batches.num_batches_ =
        std::max(batches.num_batches_, batches_for(count, share_of(batch_clusters, r, num_ranks)));
  }
  return batches;
}

std::span<const std::int64_t> ClusterBatches::batch(std::int64_t b) const {
  const auto total = static_cast<std::int64_t>(order_.size());
  const std::int64_t first = std::min(b * batch_clusters_, total),
                     last = std::min(first + batch_clusters_, total);
  return {order_.data() + first, static_cast<std::size_t>(last - first)};
}

std::span<const std::int64_t> ClusterBatches::slice(std::int64_t b, int rank, int num_ranks) const {
  const auto clusters = batch(b);
  const auto count = static_cast<std::int64_t>(clusters.size());
  const std::int64_t first = count * rank / num_ranks, last = count * (rank + 1) / num_ranks;
  return clusters.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(last - first));
}

}  // namespace tern::train
