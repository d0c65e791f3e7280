#include "train/parallel/row_owners.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::train {
namespace {

TEST(RowOwners, BlocksCoverTheRowsInOrder) {
  for (const std::int64_t num_rows : {0, 1, 2, 7, 100, 101})
    for (const int num_ranks : {1, 2, 3, 8}) {
      const RowOwners owners = RowOwners::blocks(num_rows, num_ranks);
      std::int64_t next = 0;
      for (int rank = 0; rank < num_ranks; ++rank)
        for (const std::int32_t row : owners.rows_of(rank)) {
          EXPECT_EQ(row, next++);
          EXPECT_EQ(owners.owner(row), rank) << num_rows << " rows, " << num_ranks << " ranks";
        }
      EXPECT_EQ(next, num_rows);
    }
}

TEST(RowOwners, PartsFollowTheVector) {
  const RowOwners owners = RowOwners::parts({1, 0, 1, 1}, 3);
  EXPECT_EQ(owners.rows_of(0), (std::vector<std::int32_t>{1}));
  EXPECT_EQ(owners.rows_of(1), (std::vector<std::int32_t>{0, 2, 3}));
  EXPECT_TRUE(owners.rows_of(2).empty());
  EXPECT_EQ(owners.owner(2), 1);
  EXPECT_THROW(RowOwners::parts({0, 3}, 3), Error);
  EXPECT_THROW(RowOwners::parts({0, -1}, 3), Error);
  EXPECT_THROW(RowOwners::blocks(5, 0), Error);
}

TEST(RowOwners, TakesRowsWithTheirWeights) {
  const graph::Graph graph({0, 2, 3, 5}, {1, 2, 0, 0, 2}, {1, 2, 3, 4, 5});
  const OwnedRows rows = take_rows(graph, RowOwners::parts({0, 1, 0}, 2), 0);
  EXPECT_EQ(rows.rowptr, (std::vector<std::int64_t>{0, 2, 4}));
  EXPECT_EQ(rows.col, (std::vector<std::int32_t>{1, 2, 0, 2}));
  EXPECT_EQ(rows.weight, (std::vector<float>{1, 2, 4, 5}));
  EXPECT_THROW(take_rows(graph, RowOwners::blocks(4, 2), 0), Error);
}

}  // namespace
}  // namespace tern::train
