// Compressed sparse rows: a row is a slice along the first dimension (an output channel).
//
// Sections: z (32 bits); rows + 1 pointers of bit_width(z) bits; z columns of bit_width(columns - 1) bits; z
// symbols.
#include "pack/storage_encoding.hpp"

#include <algorithm>
#include <bit>

#include "base/error.hpp"

namespace tern::pack::encodings {
namespace {

int width_of(std::int64_t most) {
  return std::max(1, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(most))));
}

bool applies(const Symbols& symbols) {
  return symbols.size() > 0 && symbols.size() >> 31 == 0;
}

void write(const Symbols& symbols, SectionWriter& writer) {
  std::vector<std::uint32_t> pointers{0}, columns;
  for (std::int64_t row = 0; row < symbols.rows; ++row) {
    for (std::int64_t column = 0; column < symbols.columns(); ++column)
      if (symbols.values[static_cast<std::size_t>(row * symbols.columns() + column)] != symbols.zero)
        columns.push_back(static_cast<std::uint32_t>(column));
    pointers.push_back(static_cast<std::uint32_t>(columns.size()));
  }
  writer.add(std::vector<std::uint32_t>{pointers.back()}, 32);
  writer.add(pointers, width_of(pointers.back()));
  writer.add(columns, width_of(symbols.columns() - 1));
  writer.add(nonzeros(symbols), symbols.bits);
}

void read(SectionReader& reader, Symbols& symbols) {
  const std::uint32_t count = reader.take(1, 32)[0];
  if (count > symbols.size())
    fail(ErrorKind::bad_data, reader.place(), "{} entries of {} elements", count, symbols.size());
  const auto pointers = reader.take(symbols.rows + 1, width_of(count));
  if (pointers.front() != 0 || pointers.back() != count || !std::is_sorted(pointers.begin(), pointers.end()))
    fail(ErrorKind::bad_data, reader.place(), "row pointers do not rise from 0 to {}", count);
  const auto columns = reader.take(count, width_of(symbols.columns() - 1));
  const auto kept = take_nonzeros(reader, count, symbols);
  for (std::int64_t row = 0; row < symbols.rows; ++row)
    for (std::size_t i = pointers[static_cast<std::size_t>(row)];
         i < pointers[static_cast<std::size_t>(row) + 1]; ++i) {
      if (columns[i] >= symbols.columns() ||
          (i > pointers[static_cast<std::size_t>(row)] && columns[i] <= columns[i - 1]))
        fail(ErrorKind::bad_data, reader.place(), "columns of row {} do not rise below {}", row,
             symbols.columns());
      symbols.values[static_cast<std::size_t>(row * symbols.columns() + columns[i])] = kept[i];
    }
}

}  // namespace

const StorageEncodingRow csr{
    {"csr",
     "row pointers, column indices of least width k, symbols: ((rows + 1) p + z (k + b)) / 8 bytes",
     "",
     {}},
    applies,
    write,
    read};

}  // namespace tern::pack::encodings
