#include "train/parallel/cluster_owner.hpp"

#include <algorithm>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::train {
namespace {

TEST(ClusterOwner, DealsTheLargestFirst) {
  const std::vector<std::int64_t> sizes{3, 7, 5, 4, 6};
  EXPECT_EQ(deal_clusters(sizes, 2), (std::vector<std::int32_t>{0, 0, 1, 0, 1}));  // 7 | 6, then 5, 4, 3
  EXPECT_EQ(clusters_of(deal_clusters(sizes, 2), 1), (std::vector<std::int64_t>{2, 4}));
  EXPECT_EQ(deal_clusters(std::vector<std::int64_t>{9, 0, 0}, 3), (std::vector<std::int32_t>{0, 1, 2}));
  EXPECT_THROW(deal_clusters(sizes, 6), Error);
  EXPECT_THROW(deal_clusters(sizes, 0), Error);
  EXPECT_THROW(deal_clusters(std::vector<std::int64_t>{1, -1}, 1), Error);
}

TEST(ClusterOwner, StaysWithinGrahamsBound) {
  Rng rng(4);
  for (int num_ranks : {2, 3, 8}) {
    std::vector<std::int64_t> sizes, rows(static_cast<std::size_t>(num_ranks));
    for (int i = 0; i < 50; ++i) sizes.push_back(1 + static_cast<std::int64_t>(rng.below(100)));
    const auto owner = deal_clusters(sizes, num_ranks);
    for (std::size_t c = 0; c < sizes.size(); ++c) rows[static_cast<std::size_t>(owner[c])] += sizes[c];
    const double total = static_cast<double>(std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0}));
    const double best =
        std::max(total / num_ranks, static_cast<double>(*std::max_element(sizes.begin(), sizes.end())));
    EXPECT_LE(static_cast<double>(*std::max_element(rows.begin(), rows.end())), 4.0 / 3.0 * best + 1);
  }
}

TEST(ClusterBatches, GlobalOnesVisitEachClusterOnce) {
  const auto batches = ClusterBatches::global(11, 4, 7, 3);
  ASSERT_EQ(batches.num_batches(), 3);
  std::multiset<std::int64_t> seen;
  for (std::int64_t b = 0; b < 3; ++b) seen.insert(batches.batch(b).begin(), batches.batch(b).end());
  EXPECT_EQ(batches.batch(2).size(), 3U);
  EXPECT_EQ(seen.size(), 11U);
  EXPECT_EQ(std::set<std::int64_t>(seen.begin(), seen.end()).size(), 11U);
  EXPECT_TRUE(std::ranges::equal(batches.batch(0), ClusterBatches::global(11, 4, 7, 3).batch(0)));
  EXPECT_FALSE(std::ranges::equal(batches.batch(0), ClusterBatches::global(11, 4, 7, 4).batch(0)));
  EXPECT_FALSE(std::ranges::equal(batches.batch(0), ClusterBatches::global(11, 4, 8, 3).batch(0)));
}

TEST(ClusterBatches, SlicesMakeUpTheBatch) {
  const auto batches = ClusterBatches::global(11, 4, 7, 0);
  for (const int num_ranks : {1, 2, 3, 5})
    for (std::int64_t b = 0; b < batches.num_batches(); ++b) {
      std::vector<std::int64_t> together;
      std::size_t least = 100, most = 0;
      for (int rank = 0; rank < num_ranks; ++rank) {
        const auto slice = batches.slice(b, rank, num_ranks);
        together.insert(together.end(), slice.begin(), slice.end());
        least = std::min(least, slice.size());
        most = std::max(most, slice.size());
      }
      EXPECT_TRUE(std::ranges::equal(together, batches.batch(b)));
      EXPECT_LE(most - least, 1U);
    }
}

TEST(ClusterBatches, LocalOnesKeepToTheirRank) {
  const std::vector<std::int32_t> owner{0, 1, 0, 0, 1, 0, 0, 2};  // 5, 2 and 1 clusters
  std::multiset<std::int64_t> seen;
  for (int rank = 0; rank < 3; ++rank) {
    const auto batches = ClusterBatches::local(owner, rank, 3, 4, 1, 0);  // 2, 1 and 1 a step
    ASSERT_EQ(batches.num_batches(), 3) << "rank " << rank;
    for (std::int64_t b = 0; b < 3; ++b)
      for (const std::int64_t cluster : batches.batch(b)) {
        EXPECT_EQ(owner[static_cast<std::size_t>(cluster)], rank);
        seen.insert(cluster);
      }
    EXPECT_EQ(batches.batch(0).size(), rank == 0 ? 2U : 1U);
  }
  EXPECT_EQ(seen, (std::multiset<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
}

}  // namespace
}  // namespace tern::train
