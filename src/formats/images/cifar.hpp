// The binary version of CIFAR-10: records of one byte of label and 3 x 32 x 32 bytes of pixels, red plane
// first. Source: Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009, and the data
// set's page.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace tern::formats {

struct CifarBatch {
  std::vector<std::uint8_t> labels;  ///< [n], 0 to 9
  std::vector<std::uint8_t> pixels;  ///< [n, 3, 32, 32]
};

/// Errors: io; bad_data, place = path (no record, a size that is no multiple of 3073, a label above 9).
CifarBatch read_cifar10(const std::filesystem::path& path);

}  // namespace tern::formats
