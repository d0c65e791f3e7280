#include "pack/storage_encoding.hpp"

#include <algorithm>

namespace tern::pack::encodings {
namespace {

bool applies(const Symbols&) {
  return true;
}

void write(const Symbols& symbols, SectionWriter& writer) {
  std::vector<std::uint32_t> map(symbols.values.size());
  std::transform(symbols.values.begin(), symbols.values.end(), map.begin(),
                 [&](std::uint32_t value) { return std::uint32_t{value != symbols.zero}; });
  writer.add(map, 1);
  writer.add(nonzeros(symbols), symbols.bits);
}

void read(SectionReader& reader, Symbols& symbols) {
  const auto map = reader.take(symbols.size(), 1);
  const auto kept = take_nonzeros(reader, std::count(map.begin(), map.end(), 1U), symbols);
  for (std::size_t i = 0, next = 0; i < map.size(); ++i)
    if (map[i] != 0) symbols.values[i] = kept[next++];
}

}  // namespace

const StorageEncodingRow bitmap{
    {"bitmap",
     "one bit an element, then the symbols that are not zero: ceil(n / 8) + ceil(z b / 8) bytes",
     "",
     {}},
    applies,
    write,
    read};

}  // namespace tern::pack::encodings
