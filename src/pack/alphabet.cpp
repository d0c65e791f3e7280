// The symbols that occur: what the entropy coders' tables begin with.
#include "base/error.hpp"
#include "pack/bits.hpp"
#include "pack/entropy.hpp"

namespace tern::pack {

std::vector<std::int64_t> histogram(std::span<const std::uint32_t> values, int bits) {
  std::vector<std::int64_t> counts(std::size_t{1} << bits);
  for (const std::uint32_t value : values) ++counts[value];
  return counts;
}

std::string pack_alphabet(const std::vector<std::int64_t>& counts) {
  std::vector<std::uint32_t> occurs;
  for (const std::int64_t count : counts) occurs.push_back(count > 0);
  return pack_fields(occurs, 1);
}

std::vector<std::uint32_t> take_fields(std::string_view& bytes, std::int64_t count, int bits,
                                       std::string_view place) {
  const std::int64_t size = packed_field_bytes(count, bits);
  if (static_cast<std::int64_t>(bytes.size()) < size)
    fail(ErrorKind::bad_data, place, "{} values of {} bits take {} bytes, {} are left", count, bits, size,
         bytes.size());
  auto fields = unpack_fields(bytes.substr(0, static_cast<std::size_t>(size)), count, bits, place);
  bytes.remove_prefix(static_cast<std::size_t>(size));
  return fields;
}

std::vector<std::uint32_t> take_alphabet(std::string_view& bytes, int bits, std::string_view place) {
  const auto occurs = take_fields(bytes, std::int64_t{1} << bits, 1, place);
  std::vector<std::uint32_t> alphabet;
  for (std::size_t symbol = 0; symbol < occurs.size(); ++symbol)
    if (occurs[symbol] != 0) alphabet.push_back(static_cast<std::uint32_t>(symbol));
  if (alphabet.empty()) fail(ErrorKind::bad_data, place, "an entropy code without symbols");
  return alphabet;
}

}  // namespace tern::pack
