// Which rank keeps which rows of a graph.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "graph/graph.hpp"

namespace tern::train {

/// Each row of a graph belongs to one rank, as blocks of consecutive rows or by a vector of parts. Copies are
/// cheap for blocks only. Reading is safe from any thread.
class RowOwners {
 public:
  /// Rank r owns rows num_rows * r / num_ranks up to num_rows * (r + 1) / num_ranks.
  /// Errors: usage for num_ranks < 1 or more rows than a graph can have.
  static RowOwners blocks(std::int64_t num_rows, int num_ranks);
  /// Row i belongs to rank owner[i]. Errors: usage for num_ranks < 1; bad_data for an owner outside of 0 ..
  /// num_ranks-1.
  static RowOwners parts(std::vector<std::int32_t> owner, int num_ranks);

  std::int64_t num_rows() const { return num_rows_; }
  int num_ranks() const { return num_ranks_; }
  int owner(std::int64_t row) const;
  /// Rows of a rank, ascending.
  std::vector<std::int32_t> rows_of(int rank) const;

 private:
  std::int64_t first_of(int rank) const { return num_rows_ * rank / num_ranks_; }

  std::int64_t num_rows_ = 0;
  int num_ranks_ = 1;
  std::vector<std::int32_t> owner_;  ///< empty: blocks
};

/// Rows of a rank as compressed sparse rows, in the order of RowOwners::rows_of, with the columns of the
/// whole graph.
struct OwnedRows {
  std::vector<std::int64_t> rowptr{0};
  std::vector<std::int32_t> col;  ///< ascending within a row
  std::vector<float> weight;      ///< empty: every entry is 1
};

/// Copies them out of a graph, which may be mapped: nothing else of it is read.
/// Errors: usage where the graph has another number of rows.
OwnedRows take_rows(const graph::Graph& graph, const RowOwners& owners, int rank);

}  // namespace tern::train
