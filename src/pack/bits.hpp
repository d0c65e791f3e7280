// Unsigned fields of 1 to 32 bits, packed without gaps, and signed codes as fields.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tern::pack {

/// Largest code of `bits` bits in the symmetric range: 2^(bits-1) - 1. Two bits are ternary: -1, 0, 1.
constexpr int max_code(int bits) {
  return (1 << (bits - 1)) - 1;
}

/// Two's complement of `bits` bits. REQUIRES: 2 <= bits <= 16, -2^(bits-1) <= code < 2^(bits-1).
constexpr std::uint32_t to_field(int code, int bits) {
  return static_cast<std::uint32_t>(code) & ((1U << bits) - 1U);
}
/// The inverse. REQUIRES: field < 2^bits.
constexpr int to_code(std::uint32_t field, int bits) {
  const std::uint32_t sign = 1U << (bits - 1);
  return static_cast<int>(field ^ sign) - static_cast<int>(sign);
}

/// ceil(count * bits / 8). REQUIRES: 1 <= bits <= 32, 0 <= count <= 2^57.
std::int64_t packed_field_bytes(std::int64_t count, int bits);

/// Packs fields: field i takes bits i*bits to (i+1)*bits - 1 of the stream, where bit k of the stream is bit
/// k % 8 (0 is the least significant) of byte k / 8. Unused bits of the last byte are zero. Errors:
/// ErrorKind::usage for bits outside 1..32 or a field that needs more.
std::string pack_fields(std::span<const std::uint32_t> fields, int bits);

/// The inverse of pack_fields. Errors: ErrorKind::bad_data with `place` when `bytes` has not exactly
/// packed_field_bytes(count, bits) bytes or an unused bit is set; ErrorKind::usage for bits outside 1..32.
std::vector<std::uint32_t> unpack_fields(std::string_view bytes, std::int64_t count, int bits,
                                         std::string_view place);

}  // namespace tern::pack
