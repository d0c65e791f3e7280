#include "train/parallel/row_owners.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/error.hpp"

namespace tern::train {

RowOwners RowOwners::blocks(std::int64_t num_rows, int num_ranks) {
  if (num_ranks < 1 || num_rows < 0 || num_rows > graph::most_nodes)
    fail(ErrorKind::usage, "row owners", "cannot deal {} rows to {} ranks", num_rows, num_ranks);
  RowOwners owners;
  owners.num_rows_ = num_rows;
  owners.num_ranks_ = num_ranks;
  return owners;
}

RowOwners RowOwners::parts(std::vector<std::int32_t> owner, int num_ranks) {
  RowOwners owners = blocks(static_cast<std::int64_t>(owner.size()), num_ranks);
  for (std::size_t i = 0; i < owner.size(); ++i)
    if (owner[i] < 0 || owner[i] >= num_ranks)
      fail(ErrorKind::bad_data, "row owners", "row {} belongs to rank {}, but there are {}", i, owner[i],
           num_ranks);
  owners.owner_ = std::move(owner);
  return owners;
}

int RowOwners::owner(std::int64_t row) const {
  if (!owner_.empty()) return owner_[static_cast<std::size_t>(row)];
  // The guess is off by one at most, where the division rounds.
  auto rank = static_cast<int>(row * num_ranks_ / num_rows_);
  while (rank + 1 < num_ranks_ && row >= first_of(rank + 1)) ++rank;
  while (row < first_of(rank)) --rank;
  return rank;
}

std::vector<std::int32_t> RowOwners::rows_of(int rank) const {
  std::vector<std::int32_t> rows;
  if (owner_.empty()) {
    rows.resize(static_cast<std::size_t>(first_of(rank + 1) - first_of(rank)));
    std::iota(rows.begin(), rows.end(), static_cast<std::int32_t>(first_of(rank)));
    return rows;
  }
  for (std::size_t i = 0; i < owner_.size(); ++i)
    if (owner_[i] == rank) rows.push_back(static_cast<std::int32_t>(i));
  return rows;
}

OwnedRows take_rows(const graph::Graph& graph, const RowOwners& owners, int rank) {
  if (graph.num_nodes() != owners.num_rows())
    fail(ErrorKind::usage, "row owners", "the graph has {} rows, their owners are given for {}",
         graph.num_nodes(), owners.num_rows());
  OwnedRows owned;
  for (const std::int32_t row : owners.rows_of(rank)) {
    const auto neighbours = graph.neighbours(row);
    owned.col.insert(owned.col.end(), neighbours.begin(), neighbours.end());
    if (graph.is_weighted()) {
      const auto weight = graph.weight().subspan(
          static_cast<std::size_t>(graph.rowptr()[static_cast<std::size_t>(row)]), neighbours.size());
      owned.weight.insert(owned.weight.end(), weight.begin(), weight.end());
    }
    owned.rowptr.push_back(static_cast<std::int64_t>(owned.col.size()));
  }
  return owned;
}

}  // namespace tern::train
