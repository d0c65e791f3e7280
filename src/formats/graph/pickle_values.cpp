#include <algorithm>

#include "base/error.hpp"
#include "formats/graph/pickle.hpp"

namespace tern::formats {
namespace {

using Kind = PickleValue::Kind;

const PickleValue* find(const PickleValue& dict, std::string_view key) {
  for (const auto& [name, value] : dict.pairs)
    if (name->kind == Kind::text && name->text == key) return value;
  return nullptr;
}

}  // namespace

const NumpyArray& array_of(const PickleValue& value, std::string_view place) {
  if (value.kind != Kind::array || value.array.type == "O" || value.array.type.empty())
    fail(ErrorKind::bad_data, place, "expected an array of numbers");
  return value.array;
}

graph::SparseMatrix sparse_of(const PickleValue& value, std::string_view place) {
  if (value.kind != Kind::sparse) fail(ErrorKind::bad_data, place, "expected a sparse matrix");
  const PickleValue *shape = find(value, "_shape"), *rowptr = find(value, "indptr"),
                    *col = find(value, "indices"), *data = find(value, "data");
  if (shape == nullptr || rowptr == nullptr || col == nullptr || data == nullptr || shape->items.size() != 2)
    fail(ErrorKind::bad_data, place, "a sparse matrix without shape, indptr, indices or data");
  graph::SparseMatrix out{shape->items[0]->integer, shape->items[1]->integer,
                          integers(array_of(*rowptr, place), place),
                          integers_32(array_of(*col, place), place), floats(array_of(*data, place), place)};
  return sorted_rows(std::move(out), place);
}

graph::SparseMatrix sorted_rows(graph::SparseMatrix matrix, std::string_view place) {
  // Row pointers and columns first: sorting relies on them.
  const std::int64_t entries = matrix.entries();
  if (matrix.rows < 0 || matrix.columns < 0 ||
      static_cast<std::int64_t>(matrix.rowptr.size()) != matrix.rows + 1)
    fail(ErrorKind::bad_data, place, "{} row pointers for a matrix of {} by {}", matrix.rowptr.size(),
         matrix.rows, matrix.columns);
  if (matrix.rowptr.front() != 0 || matrix.rowptr.back() != entries ||
      !std::is_sorted(matrix.rowptr.begin(), matrix.rowptr.end()))
    fail(ErrorKind::bad_data, place, "row pointers do not rise from 0 to {}", entries);
  if (!matrix.value.empty() && matrix.value.size() != matrix.col.size())
    fail(ErrorKind::bad_data, place, "{} values at {} places", matrix.value.size(), entries);
  for (const std::int32_t column : matrix.col)
    if (column < 0 || column >= matrix.columns)
      fail(ErrorKind::bad_data, place, "column {} of {}", column, matrix.columns);
  canonicalise(matrix);
  check(matrix, place);
  return matrix;
}

std::vector<const PickleValue*> objects_of(const PickleValue& value, std::string_view place) {
  if (value.kind == Kind::array && value.array.type == "O") return value.items;
  fail(ErrorKind::bad_data, place, "expected an array of objects");
}

}  // namespace tern::formats
