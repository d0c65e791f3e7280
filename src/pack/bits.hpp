// Signed integer codes of 1 to 8 bits, packed without gaps.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tern::pack {

/// Largest code of `bits` bits in the symmetric range that weights use: 2^(bits-1) - 1. Two bits are ternary: -1, 0, 1.
constexpr int max_code(int bits) { return (1 << (bits - 1)) - 1; }

/// ceil(count * bits / 8). REQUIRES: 1 <= bits <= 8, 0 <= count <= 2^59.
std::int64_t packed_code_bytes(std::int64_t count, int bits);

/// Packs codes, each as `bits` bits of two's complement: code i takes bits i*bits to (i+1)*bits - 1 of the stream,
/// where bit k of the stream is bit k % 8 (0 is the least significant) of byte k / 8. Unused bits of the last byte are zero.
/// Errors: ErrorKind::usage for bits outside 1..8 or a code outside -2^(bits-1) .. 2^(bits-1)-1.
std::string pack_codes(std::span<const std::int8_t> codes, int bits);

/// The inverse of pack_codes. Errors: ErrorKind::bad_data with `place` when `bytes` has not exactly
/// packed_code_bytes(count, bits) bytes or an unused bit is set; ErrorKind::usage for bits outside 1..8.
std::vector<std::int8_t> unpack_codes(std::string_view bytes, std::int64_t count, int bits, std::string_view place);

}  // namespace tern::pack
