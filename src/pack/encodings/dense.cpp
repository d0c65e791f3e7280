#include "pack/storage_encoding.hpp"

#include <algorithm>

namespace tern::pack::encodings {
namespace {

bool applies(const Symbols& symbols) {
  return symbols.zero_fits() ||
         std::find(symbols.values.begin(), symbols.values.end(), symbols.zero) == symbols.values.end();
}

void write(const Symbols& symbols, SectionWriter& writer) {
  writer.add(symbols.values, symbols.bits);
}

void read(SectionReader& reader, Symbols& symbols) {
  symbols.values = reader.take(symbols.size(), symbols.bits);
}

}  // namespace

const StorageEncodingRow dense{{"dense", "every symbol: ceil(n b / 8) bytes", "", {}}, applies, write, read};

}  // namespace tern::pack::encodings
