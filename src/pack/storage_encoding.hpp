// Storage encodings: how the symbols of one tensor become sections of numbers.
//
// With n elements, z of them not zero, b bits a symbol, before entropy coding and the byte that begins each
// section.
#pragma once

#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "pack/section.hpp"
#include "pack/symbols.hpp"

namespace tern::pack {

struct StorageEncodingRow {
  MethodInfo info;
  /// Whether `write` can hold these symbols.
  bool (*applies)(const Symbols&);
  void (*write)(const Symbols&, SectionWriter&);
  /// Into blank symbols (all zero). Errors: ErrorKind::bad_data for sections that `write` would not have
  /// written.
  void (*read)(SectionReader&, Symbols&);
};

/// In the order in which ties are decided.
const std::vector<StorageEncodingRow>& storage_encoding_table();
/// Errors: fail_unknown with `place`.
const StorageEncodingRow& find_storage_encoding(std::string_view name, std::string_view place = {});

namespace encodings {

extern const StorageEncodingRow dense, bitmap, csr, delta, block;

/// Symbols that are not zero, in order.
std::vector<std::uint32_t> nonzeros(const Symbols& symbols);
/// Takes the `count` symbols behind a list of places. Errors: ErrorKind::bad_data where one of them is zero.
std::vector<std::uint32_t> take_nonzeros(SectionReader& reader, std::int64_t count, const Symbols& symbols);

}  // namespace encodings
}  // namespace tern::pack
