#include "pack/storage_encoding.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace tern::pack {

const std::vector<StorageEncodingRow>& storage_encoding_table() {
  static const std::vector<StorageEncodingRow> table{encodings::dense, encodings::bitmap, encodings::csr,
                                                     encodings::delta, encodings::block};
  return table;
}

const StorageEncodingRow& find_storage_encoding(std::string_view name, std::string_view place) {
  return find_method(
      storage_encoding_table(), "storage encoding", name,
      [](const StorageEncodingRow& row) -> const MethodInfo& { return row.info; }, place);
}

namespace encodings {

std::vector<std::uint32_t> nonzeros(const Symbols& symbols) {
  std::vector<std::uint32_t> kept;
  for (const std::uint32_t value : symbols.values)
    if (value != symbols.zero) kept.push_back(value);
  return kept;
}

std::vector<std::uint32_t> take_nonzeros(SectionReader& reader, std::int64_t count, const Symbols& symbols) {
  auto kept = reader.take(count, symbols.bits);
  const auto wrong = std::find(kept.begin(), kept.end(), symbols.zero);
  if (wrong != kept.end())
    fail(ErrorKind::bad_data, reader.place(), "entry {} is listed as not zero, but its code is zero",
         wrong - kept.begin());
  return kept;
}

}  // namespace encodings
}  // namespace tern::pack
