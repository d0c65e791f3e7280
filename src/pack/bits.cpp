#include "pack/bits.hpp"

#include "base/error.hpp"

namespace tern::pack {
namespace {

void check_bits(int bits) {
  if (bits < 1 || bits > 8) fail(ErrorKind::usage, "pack_codes", "expected 1 to 8 bits, got {}", bits);
}

}  // namespace

std::int64_t packed_code_bytes(std::int64_t count, int bits) { return (count * bits + 7) / 8; }

std::string pack_codes(std::span<const std::int8_t> codes, int bits) {
  check_bits(bits);
  const int lowest = -(1 << (bits - 1)), highest = max_code(bits);
  const unsigned mask = (1U << bits) - 1U;
  std::string bytes(static_cast<std::size_t>(packed_code_bytes(static_cast<std::int64_t>(codes.size()), bits)), '\0');
  std::size_t next = 0;
  unsigned pending = 0;  // bits not yet written, lowest first
  int pending_bits = 0;
  for (const int code : codes) {
    if (code < lowest || code > highest)
      fail(ErrorKind::usage, "pack_codes", "code {} does not fit into {} bits ({}..{})", code, bits, lowest, highest);
    pending |= (static_cast<unsigned>(code) & mask) << pending_bits;
    for (pending_bits += bits; pending_bits >= 8; pending_bits -= 8, pending >>= 8)
      bytes[next++] = static_cast<char>(pending & 0xFFU);
  }
  if (pending_bits > 0) bytes[next] = static_cast<char>(pending & 0xFFU);
  return bytes;
}

std::vector<std::int8_t> unpack_codes(std::string_view bytes, std::int64_t count, int bits, std::string_view place) {
  check_bits(bits);
  if (static_cast<std::int64_t>(bytes.size()) != packed_code_bytes(count, bits))
    fail(ErrorKind::bad_data, place, "{} codes of {} bits take {} bytes, got {}", count, bits,
         packed_code_bytes(count, bits), bytes.size());
  const unsigned mask = (1U << bits) - 1U, sign = 1U << (bits - 1);
  std::vector<std::int8_t> codes(static_cast<std::size_t>(count));
  std::size_t next = 0;
  unsigned pending = 0;
  int pending_bits = 0;
  for (auto& code : codes) {
    if (pending_bits < bits) {
      pending |= static_cast<unsigned>(static_cast<unsigned char>(bytes[next++])) << pending_bits;
      pending_bits += 8;
    }
    const unsigned field = pending & mask;
    code = static_cast<std::int8_t>(static_cast<int>(field ^ sign) - static_cast<int>(sign));  // sign extension
    pending >>= bits;
    pending_bits -= bits;
  }
  if (pending != 0) fail(ErrorKind::bad_data, place, "unused bits of the last byte are not zero");
  return codes;
}

}  // namespace tern::pack
