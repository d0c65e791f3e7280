// One bit for each block of four consecutive rows (output channels) of one column (an input at one tap).
//
// Sections: a bitmap over blocks, four rows after four rows and by column within; all symbols of the blocks that are not
// zero, row by row within. The last rows make smaller blocks where four do not divide their number.
#include "pack/storage_encoding.hpp"

#include <algorithm>

namespace tern::pack::encodings {
namespace {

constexpr std::int64_t block_rows = 4;

bool applies(const Symbols& symbols) { return symbols.zero_fits() && symbols.rows > 1; }

/// Calls action(first place, rows) for every block; places within are `columns` apart.
template <typename Action>
void for_each_block(const Symbols& symbols, Action action) {
  for (std::int64_t row = 0; row < symbols.rows; row += block_rows)
    for (std::int64_t column = 0; column < symbols.columns(); ++column)
      action(row * symbols.columns() + column, std::min(block_rows, symbols.rows - row));
}

void write(const Symbols& symbols, SectionWriter& writer) {
  std::vector<std::uint32_t> map, kept;
  for_each_block(symbols, [&](std::int64_t first, std::int64_t rows) {
    const std::size_t before = kept.size();
    bool is_zero = true;
    for (std::int64_t i = 0; i < rows; ++i) {
      kept.push_back(symbols.values[static_cast<std::size_t>(first + i * symbols.columns())]);
      is_zero = is_zero && kept.back() == symbols.zero;
    }
    if (is_zero) kept.resize(before);
    map.push_back(!is_zero);
  });
  writer.add(map, 1);
  writer.add(kept, symbols.bits);
}

void read(SectionReader& reader, Symbols& symbols) {
  const auto map = reader.take((symbols.rows + block_rows - 1) / block_rows * symbols.columns(), 1);
  std::int64_t count = 0;
  std::size_t next = 0;
  for_each_block(symbols, [&](std::int64_t, std::int64_t rows) { count += map[next++] != 0 ? rows : 0; });
  const auto kept = reader.take(count, symbols.bits);
  std::size_t place = 0;
  next = 0;
  for_each_block(symbols, [&](std::int64_t first, std::int64_t rows) {
    if (map[next++] == 0) return;
    for (std::int64_t i = 0; i < rows; ++i)
      symbols.values[static_cast<std::size_t>(first + i * symbols.columns())] = kept[place++];
  });
}

}  // namespace

const StorageEncodingRow block{
    {"block", "one bit for each four output channels at one tap, then all symbols of blocks that are not zero", "", {}},
    applies, write, read};

}  // namespace tern::pack::encodings
