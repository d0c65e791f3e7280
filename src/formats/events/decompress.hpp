// One compressed block to bytes, with a limit against hostile files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tern::formats {

/// LZ4 frames. Errors: tern::Error bad_data without a place (corrupt, truncated, more than `limit_bytes`).
std::vector<std::uint8_t> decompress_lz4(std::string_view packed, std::size_t limit_bytes);

/// Zstandard frames. Errors: as above.
std::vector<std::uint8_t> decompress_zstd(std::string_view packed, std::size_t limit_bytes);

}  // namespace tern::formats
