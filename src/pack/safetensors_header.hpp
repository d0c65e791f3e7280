// The JSON header of a safetensors file, checked. Private to pack.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/types.hpp"

namespace tern::pack {

/// One tensor's line in the header: its bytes are [begin, end) of the data section.
struct HeaderEntry {
  std::string name;
  std::string dtype;
  net::Shape shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

struct Header {
  std::vector<HeaderEntry> entries;  ///< by position in the data section
  std::map<std::string, std::string> metadata;
};

/// num_elements(shape) * dtype_bytes(dtype) with overflow and negative extents refused. Errors: `kind` with `place`.
std::uint64_t checked_bytes(const net::Shape& shape, std::string_view dtype, std::string_view place, ErrorKind kind);

/// Errors: ErrorKind::bad_data. Afterwards every entry's size fits its dtype and shape; positions are not checked.
Header parse_header(std::string_view json, std::string_view place);

/// Errors: ErrorKind::usage for text that is not UTF-8.
std::string print_header(const Header& header);

}  // namespace tern::pack
