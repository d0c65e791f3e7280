// IDX: the format of MNIST and its successors.
//
// Big-endian: 0, 0, the type of a value (8: unsigned byte), the number of dimensions, each extent as 32 bits,
// then the values, last dimension fastest. Source: LeCun, Cortes, Burges, "The MNIST database of handwritten
// digits".
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tern::formats {

/// A tensor of bytes.
struct Idx {
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> values;  ///< product of `shape` of them
};

/// Reads an IDX file of unsigned bytes, plain or compressed with gzip. Memory grows with what the file really
/// holds, not with what its header promises. Errors: io (cannot open or read); bad_data, place = path
/// (another magic or type of value, no or more than 4 dimensions, more than 2^31 values, fewer or more values
/// than promised, damaged gzip).
Idx read_idx(const std::filesystem::path& path);

}  // namespace tern::formats
