// Products with a graph whose rows lie on several ranks.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "graph/normalise.hpp"
#include "kernels/graph/spmm.hpp"
#include "train/parallel/process_group.hpp"
#include "train/parallel/row_owners.hpp"

namespace tern::train {

/// The rows of a matrix A [num_rows, num_rows] that this rank owns, and what it needs of the others to
/// multiply with them. Local columns number first the owned rows, in ascending order, then the halo: the
/// other rows that an owned row points to, by owner and then number. L-GCN (You et al. 2020) needs one
/// exchange of the halo for each of its L propagations, and nothing else of the graph; training of a layer
/// then runs on owned rows alone.
///
/// Entries keep their order within a row, so that a product equals that of a single process with the whole
/// matrix bit for bit, by blocks and by any partition. No gradients pass: L-GCN's propagations lie outside of
/// what is trained.
class Halo {
 public:
  /// Every rank calls it with its own rows; they tell each other what they need. `group` may be null; it must
  /// outlive this. Errors: usage where owners and group disagree on the number of ranks; bad_data for rows
  /// that contradict themselves (graph::check_rows).
  Halo(ProcessGroup* group, const RowOwners& owners, OwnedRows rows);

  std::int64_t num_owned() const { return num_owned_; }
  std::int64_t num_halo() const { return static_cast<std::int64_t>(columns_.size()) - num_owned_; }
  /// Number in the whole graph of each local column: owned rows, then halo.
  std::span<const std::int32_t> columns() const { return columns_; }
  /// Rows that this rank sends in an exchange, a row once for each rank that needs it.
  std::int64_t num_sent() const;
  /// [num_owned, num_owned + num_halo], valid as long as this.
  kernels::Csr matrix() const;

  /// Fills rows num_owned .. of `features` [num_owned + num_halo, ...] from their owners' first num_owned
  /// rows. REQUIRES: contiguous; dtype and other extents equal on all ranks.
  void fill(at::Tensor& features) const;
  /// Owned rows [num_owned, ...] with the halo below: [num_owned + num_halo, ...].
  at::Tensor exchange(const at::Tensor& owned) const;

  /// Picks what concerns this rank out of the scales of the whole graph: row and self by owned row, column by
  /// local column.
  graph::Scales local_scales(const graph::Scales& scales) const;
  /// Y = A X with the rows at hand: owned [num_owned, f] float32 -> [num_owned, f]; `scales` are local ones.
  /// Exchanges.
  at::Tensor propagate_owned(const at::Tensor& owned, const graph::Scales& scales = {}) const;

 private:
  void number_columns(const RowOwners& owners);
  void agree(const RowOwners& owners);

  ProcessGroup* group_;
  OwnedRows rows_;  ///< columns numbered locally
  std::int64_t num_owned_ = 0;
  std::vector<std::int32_t> columns_;
  std::vector<std::int64_t> halo_first_;  ///< [ranks + 1]: halo rows of rank r are local columns from here
  std::vector<at::Tensor> sent_;          ///< by rank: int64 owned rows that it needs
};

}  // namespace tern::train
