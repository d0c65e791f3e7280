// Arrays of NumPy, as .npy files and pickles hold them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tern::formats {

/// `type` is NumPy's kind and item size without the byte order: "f4", "f8", "i1" .. "i8", "u1" .. "u8", "b1",
/// "S9", "U3", or "O" for pickled objects. `bytes` are the values (for "O" in an .npy file: the pickle).
struct NumpyArray {
  std::string type;
  bool big_endian = false;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::string bytes;

  std::int64_t size() const;  ///< values
  std::int64_t extent(std::size_t axis) const { return axis < shape.size() ? shape[axis] : 1; }
};

/// Reads an .npy file of format 1, 2 or 3. The bytes may be hostile: shapes are checked against what is
/// there. Errors: bad_data at `place`; unsupported for records and other types than the above.
NumpyArray read_npy(std::string_view bytes, std::string_view place);

/// Checks type and that `bytes` holds what the shape promises; splits a descriptor such as "<f4". Errors: as
/// read_npy.
void set_type(NumpyArray& array, std::string_view descriptor, std::string_view place);
void check_bytes(const NumpyArray& array, std::string_view place);

/// The values in row-major order whatever the array's order, converted. Errors: bad_data at `place` for
/// arrays of text or objects, fractions or values out of range where integers are asked for.
std::vector<std::int64_t> integers(const NumpyArray& array, std::string_view place);
std::vector<std::int32_t> integers_32(const NumpyArray& array, std::string_view place);
std::vector<float> floats(const NumpyArray& array, std::string_view place);

}  // namespace tern::formats
