// Products of some rows of P = C^-1 (A + I) + I with features, dense or sparse.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "train/layerwise/layer_input.hpp"

namespace tern::train {

/// Rows of P as they are multiplied: entries of A with factors of rows and the diagonal apart. Columns are
/// rows of the features; the diagonal of row u is column u.
struct PropagatedRows {
  std::span<const std::int64_t> rowptr;
  std::span<const std::int32_t> col;
  std::span<const float> weight;     ///< of each entry; empty: 1
  std::span<const float> row, self;  ///< of each row
  std::int64_t columns = 0;
  std::optional<std::span<const std::int64_t>> picked{};  ///< only these rows, in this order; otherwise all

  std::int64_t num_rows() const { return picked ? std::ssize(*picked) : std::ssize(rowptr) - 1; }
  /// Which row of P the i-th is.
  std::int64_t id(std::int64_t i) const { return picked ? (*picked)[static_cast<std::size_t>(i)] : i; }
};

/// P X for X [columns, f]: a sparse X gives a sparse result where that is (by a sample of its rows) to at
/// most a quarter not zero, otherwise a dense one. Worked on in blocks of rows, so that mapped features need
/// not fit into memory. Bits depend neither on threads nor blocks nor on where rows lie. `name` is that of
/// the scratch file.
LayerInput propagate(const PropagatedRows& p, const LayerInput& x, const std::filesystem::path& scratch,
                     const std::string& name);

}  // namespace tern::train
