#include "pack/bits.hpp"

#include "base/error.hpp"

namespace tern::pack {
namespace {

void check_bits(int bits) {
  if (bits < 1 || bits > 32) fail(ErrorKind::usage, "pack_fields", "expected 1 to 32 bits, got {}", bits);
}

}  // namespace

std::int64_t packed_field_bytes(std::int64_t count, int bits) {
  return (count * bits + 7) / 8;
}

std::string pack_fields(std::span<const std::uint32_t> fields, int bits) {
  check_bits(bits);
  std::string bytes(
      static_cast<std::size_t>(packed_field_bytes(static_cast<std::int64_t>(fields.size()), bits)), '\0');
  std::size_t next = 0;
  std::uint64_t pending = 0;  // bits not yet written, lowest first
  int pending_bits = 0;
  for (const std::uint64_t field : fields) {
    if (field >> bits != 0)
      fail(ErrorKind::usage, "pack_fields", "{} does not fit into {} bits", field, bits);
    pending |= field << pending_bits;
    for (pending_bits += bits; pending_bits >= 8; pending_bits -= 8, pending >>= 8)
      bytes[next++] = static_cast<char>(pending & 0xFFU);
  }
  if (pending_bits > 0) bytes[next] = static_cast<char>(pending & 0xFFU);
  return bytes;
}

std::vector<std::uint32_t> unpack_fields(std::string_view bytes, std::int64_t count, int bits,
                                         std::string_view place) {
  check_bits(bits);
  if (static_cast<std::int64_t>(bytes.size()) != packed_field_bytes(count, bits))
    fail(ErrorKind::bad_data, place, "{} codes of {} bits take {} bytes, got {}", count, bits,
         packed_field_bytes(count, bits), bytes.size());
  const std::uint64_t mask = (std::uint64_t{1} << bits) - 1U;
  std::vector<std::uint32_t> fields(static_cast<std::size_t>(count));
  std::size_t next = 0;
  std::uint64_t pending = 0;
  int pending_bits = 0;
  for (auto& field : fields) {
    for (; pending_bits < bits; pending_bits += 8)
      pending |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[next++])) << pending_bits;
    field = static_cast<std::uint32_t>(pending & mask);
    pending >>= bits;
    pending_bits -= bits;
  }
  if (pending != 0) fail(ErrorKind::bad_data, place, "unused bits of the last byte are not zero");
  return fields;
}

}  // namespace tern::pack
