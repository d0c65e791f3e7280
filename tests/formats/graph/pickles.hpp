// Pickles of protocol 2 as Python writes them, for arrays, sparse matrices and dictionaries of lists.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "formats/events/event_files.hpp"

namespace tern::formats::testing {

inline std::string p_int(std::int64_t value) {
  return "J" + little(static_cast<std::uint32_t>(value), 4);
}
inline std::string p_text(const std::string& text) {
  return "U" + little(text.size(), 1) + text;
}

/// numpy.ndarray: _reconstruct(ndarray, (0,), 'b') with its state.
inline std::string p_array(const std::string& type, const std::vector<std::int64_t>& shape,
                           const std::string& values) {
  std::string extents = "(";
  for (const std::int64_t extent : shape) extents += p_int(extent);
  return "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK" + std::string(1, '\0') + "\x85" +
         p_text("b") + "\x87R(K\x01" + extents + "tcnumpy\ndtype\n" + p_text(type) +
         std::string("K\0K\1", 4) + "\x87R(K\x03" + p_text("<") + "NNNJ" + std::string(4, '\xff') + "J" +
         std::string(4, '\xff') + std::string("K\0", 2) + "tb\x89T" + little(values.size(), 4) + values +
         "tb";
}
template <typename T>
std::string bytes_of(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}
inline std::string p_ints(const std::vector<std::int32_t>& values, std::vector<std::int64_t> shape = {}) {
  if (shape.empty()) shape = {static_cast<std::int64_t>(values.size())};
  return p_array("i4", shape, bytes_of(values));
}

/// scipy.sparse.csr_matrix.
inline std::string p_csr(std::int64_t rows, std::int64_t columns, const std::vector<std::int32_t>& rowptr,
                         const std::vector<std::int32_t>& col, const std::vector<float>& value) {
  return "cscipy.sparse.csr\ncsr_matrix\n)\x81}(" + p_text("_shape") + p_int(rows) + p_int(columns) + "\x86" +
         p_text("indptr") + p_ints(rowptr) + p_text("indices") + p_ints(col) + p_text("data") +
         p_array("f4", {static_cast<std::int64_t>(value.size())}, bytes_of(value)) + "ub";
}

/// defaultdict(list) of lists of integers, keys 0, 1, ..
inline std::string p_lists(const std::vector<std::vector<std::int64_t>>& lists) {
  std::string out = "ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R(";
  for (std::size_t key = 0; key < lists.size(); ++key) {
    out += p_int(static_cast<std::int64_t>(key)) + "](";
    for (const std::int64_t value : lists[key]) out += p_int(value);
    out += "e";
  }
  return out + "u";
}

inline std::string p_file(const std::string& body) {
  return "\x80\x02" + body + ".";
}

}  // namespace tern::formats::testing
