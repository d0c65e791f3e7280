#include "graph/sparse_matrix.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "graph/graph.hpp"

namespace tern::graph {
namespace {
using Index = std::size_t;
}

void check(const SparseMatrix& matrix, std::string_view place) {
  if (matrix.rows < 0 || matrix.columns < 0 || matrix.rows > most_nodes || matrix.columns > most_nodes)
    fail(ErrorKind::bad_data, place, "a matrix of {} by {} is not possible", matrix.rows, matrix.columns);
  if (static_cast<std::int64_t>(matrix.rowptr.size()) != matrix.rows + 1)
    fail(ErrorKind::bad_data, place, "{} row pointers for {} rows", matrix.rowptr.size(), matrix.rows);
  check_rows(matrix.rowptr, matrix.col, matrix.value, matrix.columns, place);
}

void canonicalise(SparseMatrix& matrix) {
  const bool valued = !matrix.value.empty();
  std::vector<std::pair<std::int32_t, float>> row;
  Index kept = 0, begin = 0;
  for (Index r = 0; r < static_cast<Index>(matrix.rows); ++r) {
    const auto end = static_cast<Index>(matrix.rowptr[r + 1]);
    row.clear();
    for (Index e = begin; e < end; ++e) row.emplace_back(matrix.col[e], valued ? matrix.value[e] : 1.0F);
    std::stable_sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    const Index first = kept;
    for (const auto& [column, value] : row) {
      if (kept > first && matrix.col[kept - 1] == column) {
        if (valued) matrix.value[kept - 1] += value;
        continue;
      }
      matrix.col[kept] = column;
      if (valued) matrix.value[kept] = value;
      ++kept;
    }
    matrix.rowptr[r + 1] = static_cast<std::int64_t>(kept);
    begin = end;
  }
  matrix.col.resize(kept);
  if (valued) matrix.value.resize(kept);
}

TransposedMatrix transpose(const SparseMatrix& matrix) {
  TransposedMatrix out;
  SparseMatrix& t = out.matrix;
  t.rows = matrix.columns;
  t.columns = matrix.rows;
  t.rowptr.assign(static_cast<Index>(t.rows) + 1, 0);
  for (const std::int32_t c : matrix.col) ++t.rowptr[static_cast<Index>(c) + 1];
  for (Index r = 0; r < static_cast<Index>(t.rows); ++r) t.rowptr[r + 1] += t.rowptr[r];
  std::vector<std::int64_t> next(t.rowptr.begin(), t.rowptr.end() - 1);
  t.col.resize(matrix.col.size());
  t.value.resize(matrix.value.size());
  out.entry.resize(matrix.col.size());
  for (Index r = 0; r < static_cast<Index>(matrix.rows); ++r)
    for (auto e = static_cast<Index>(matrix.rowptr[r]); e < static_cast<Index>(matrix.rowptr[r + 1]); ++e) {
      const auto at = static_cast<Index>(next[static_cast<Index>(matrix.col[e])]++);
      t.col[at] = static_cast<std::int32_t>(r);
      out.entry[at] = static_cast<std::int64_t>(e);
      if (!matrix.value.empty()) t.value[at] = matrix.value[e];
    }
  return out;
}

void normalise_rows(SparseMatrix& matrix) {
  if (matrix.value.empty()) matrix.value.assign(matrix.col.size(), 1.0F);
  for (Index r = 0; r < static_cast<Index>(matrix.rows); ++r) {
    const auto first = matrix.value.begin() + matrix.rowptr[r],
               last = matrix.value.begin() + matrix.rowptr[r + 1];
    double sum = 0;
    for (auto v = first; v != last; ++v) sum += *v;
    if (sum != 0)
      for (auto v = first; v != last; ++v) *v = static_cast<float>(*v / sum);
  }
}

std::vector<float> to_dense(const SparseMatrix& matrix) {
  std::vector<float> out(static_cast<Index>(matrix.rows * matrix.columns), 0.0F);
  for (Index r = 0; r < static_cast<Index>(matrix.rows); ++r)
    for (auto e = static_cast<Index>(matrix.rowptr[r]); e < static_cast<Index>(matrix.rowptr[r + 1]); ++e)
      out[r * static_cast<Index>(matrix.columns) + static_cast<Index>(matrix.col[e])] +=
          matrix.value.empty() ? 1.0F : matrix.value[e];
  return out;
}

SparseMatrix to_sparse(std::int64_t rows, std::int64_t columns, const std::vector<float>& dense) {
  SparseMatrix out{rows, columns, {0}, {}, {}};
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < columns; ++c) {
      const float value = dense[static_cast<Index>(r * columns + c)];
      if (value == 0) continue;
      out.col.push_back(static_cast<std::int32_t>(c));
      out.value.push_back(value);
    }
    out.rowptr.push_back(out.entries());
  }
  return out;
}

}  // namespace tern::graph
