// Python's pickles, as far as graph data sets need them.
//
// A pickle is a program that may call anything. This reader runs none of it: it knows arrays and sparse
// matrices of NumPy and SciPy, and plain containers; every other global name is refused before anything is
// made of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/numpy/numpy_array.hpp"
#include "graph/sparse_matrix.hpp"

namespace tern::formats {

/// One value. Values of a Pickle may refer to one another in circles: who walks them bounds the depth.
struct PickleValue {
  enum class Kind {
    none,
    boolean,
    integer,
    real,
    text,
    list,
    tuple,
    dict,
    array,
    dtype,
    sparse,
    global,
    reduced
  };
  Kind kind = Kind::none;
  std::int64_t integer = 0;  ///< boolean, integer
  double real = 0;
  std::string text;  ///< text (bytes or characters), global ("module name"), dtype descriptor
  std::vector<const PickleValue*> items;                                 ///< list, tuple; array of objects
  std::vector<std::pair<const PickleValue*, const PickleValue*>> pairs;  ///< dict; state of `sparse`
  NumpyArray array;
};

/// A whole pickle; `root` lives as long as it does.
struct Pickle {
  std::vector<std::unique_ptr<PickleValue>> values;
  const PickleValue* root = nullptr;
};

/// Reads protocols 2 to 5. Errors: bad_data at "PLACE: byte N" for anything malformed; unsupported for other
/// operations and for globals that are not on the list.
Pickle read_pickle(std::string_view bytes, std::string_view place);

/// The value as an array, or as a sparse matrix (rows sorted, entries of equal place added). Errors:
/// bad_data.
const NumpyArray& array_of(const PickleValue& value, std::string_view place);
graph::SparseMatrix sparse_of(const PickleValue& value, std::string_view place);

/// Checks a matrix whose rows come from a file, then sorts them and adds entries of equal place. Errors:
/// bad_data.
graph::SparseMatrix sorted_rows(graph::SparseMatrix matrix, std::string_view place);

/// The pickle of an array of objects, as .npy files hold it: its elements, one for an array without
/// dimensions.
std::vector<const PickleValue*> objects_of(const PickleValue& value, std::string_view place);

}  // namespace tern::formats
