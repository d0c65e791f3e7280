// Non-cryptographic hashes: seeds by name, cache keys, checksums of data that a study records.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tern {

/// FNV-1a, 64 bits (Fowler, Noll, Vo). `seed` continues an earlier hash.
std::uint64_t fnv1a_64(std::string_view bytes, std::uint64_t seed = 0xcbf29ce484222325ULL);

/// 16 lower-case hexadecimal digits.
std::string to_hex(std::uint64_t value);

}  // namespace tern
