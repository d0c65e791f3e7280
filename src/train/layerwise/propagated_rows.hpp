// Products of some rows of P = C^-1 (A + I) + I with features, dense or sparse.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "train/layerwise/layer_input.hpp"

namespace tern::train {

/// Rows of P as they are multiplied: entries of A with factors of rows and the diagonal apart. Columns are
/// rows of the features.
struct PropagatedRows {
  std::span<const std::int64_t> rowptr;
  std::span<const std::int32_t> col;
  std::span<const float> weight;      ///< of each entry; empty: 1
  std::span<const float> row, self;   ///< of each row
  std::span<const std::int32_t> own;  ///< column of each row's diagonal; empty: row i's is i
  std::int64_t columns = 0;

  std::int64_t num_rows() const { return static_cast<std::int64_t>(rowptr.size()) - 1; }
};

/// P X for X [columns, f]: a sparse X gives a sparse result where that is (by a sample of its rows) to at
/// most a quarter not zero, otherwise a dense one. Worked on in blocks of rows, so that mapped features need
/// not fit into memory. Bits depend neither on threads nor blocks nor on where rows lie. `name` is that of
/// the scratch file.
LayerInput propagate(const PropagatedRows& p, const LayerInput& x, const std::filesystem::path& scratch,
                     const std::string& name);

/// Copies of the rows ids[i] (int64) of a matrix.
class PickedRows {
 public:
  PickedRows(const PropagatedRows& from, const at::Tensor& ids);
  /// Valid as long as this.
  PropagatedRows view() const { return {rowptr_, col_, weight_, row_, self_, own_, columns_}; }

 private:
  std::vector<std::int64_t> rowptr_{0};
  std::vector<std::int32_t> col_, own_;
  std::vector<float> weight_, row_, self_;
  std::int64_t columns_ = 0;
};

}  // namespace tern::train
