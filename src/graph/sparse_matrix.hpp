// Sparse features: bags of words.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tern::graph {

/// A matrix [rows, columns] as compressed sparse rows, columns ascending within a row. `value` is empty where
/// every entry is 1.
struct SparseMatrix {
  std::int64_t rows = 0, columns = 0;
  std::vector<std::int64_t> rowptr{0};
  std::vector<std::int32_t> col;
  std::vector<float> value;

  std::int64_t entries() const { return static_cast<std::int64_t>(col.size()); }
};

/// Errors: bad_data at `place` for extents, row pointers, columns or values that contradict each other.
void check(const SparseMatrix& matrix, std::string_view place);

/// Sorts each row by column and adds entries of equal place.
void canonicalise(SparseMatrix& matrix);

/// The transpose; entry[e] is the place in the original's `col` of entry e, so that masks and values can
/// follow.
struct TransposedMatrix {
  SparseMatrix matrix;
  std::vector<std::int64_t> entry;
};
TransposedMatrix transpose(const SparseMatrix& matrix);

/// Divides each row by its sum, as GCN does with bags of words; rows that sum to 0 stay.
void normalise_rows(SparseMatrix& matrix);

/// [rows, columns], row-major.
std::vector<float> to_dense(const SparseMatrix& matrix);
/// Keeps what is not zero. REQUIRES: dense has rows * columns values.
SparseMatrix to_sparse(std::int64_t rows, std::int64_t columns, const std::vector<float>& dense);

}  // namespace tern::graph
