// One bit for each block of m consecutive rows (output channels) of one column (an input at one tap): the
// blocks that the pruning shape "1xM" makes.
//
// Sections: m (5 bits: 2, 4, 8 or 16, the one of the fewest bits); a bitmap over blocks, m rows after m rows
// and by column within; all symbols of the blocks that are not zero, row by row within. The last rows make
// smaller blocks where m does not divide their number.
#include "pack/storage_encoding.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace tern::pack::encodings {
namespace {

constexpr std::int64_t least_rows = 2, most_rows = 16;

bool applies(const Symbols& symbols) {
  return symbols.zero_fits() && symbols.rows > 1;
}

/// Calls action(first place, rows) for every block; places within are `columns` apart.
template <typename Action>
void for_each_block(const Symbols& symbols, std::int64_t block_rows, Action action) {
  for (std::int64_t row = 0; row < symbols.rows; row += block_rows)
    for (std::int64_t column = 0; column < symbols.columns(); ++column)
      action(row * symbols.columns() + column, std::min(block_rows, symbols.rows - row));
}

struct Blocks {
  std::vector<std::uint32_t> map, kept;
};

Blocks split(const Symbols& symbols, std::int64_t block_rows) {
  Blocks blocks;
  for_each_block(symbols, block_rows, [&](std::int64_t first, std::int64_t rows) {
    const std::size_t before = blocks.kept.size();
    bool is_zero = true;
    for (std::int64_t i = 0; i < rows; ++i) {
      blocks.kept.push_back(symbols.values[static_cast<std::size_t>(first + i * symbols.columns())]);
      is_zero = is_zero && blocks.kept.back() == symbols.zero;
    }
    if (is_zero) blocks.kept.resize(before);
    blocks.map.push_back(!is_zero);
  });
  return blocks;
}

void write(const Symbols& symbols, SectionWriter& writer) {
  Blocks best;
  std::uint32_t best_rows = 0;
  for (std::int64_t block_rows = least_rows; block_rows <= most_rows; block_rows *= 2) {
    Blocks blocks = split(symbols, block_rows);
    const auto bits_of = [&](const Blocks& b) {
      return b.map.size() + b.kept.size() * static_cast<std::size_t>(symbols.bits);
    };
    if (best_rows != 0 && bits_of(blocks) >= bits_of(best)) continue;
    best = std::move(blocks);
    best_rows = static_cast<std::uint32_t>(block_rows);
  }
  writer.add(std::vector<std::uint32_t>{best_rows}, 5);
  writer.add(best.map, 1);
  writer.add(best.kept, symbols.bits);
}

void read(SectionReader& reader, Symbols& symbols) {
  const std::int64_t block_rows = reader.take(1, 5)[0];
  if (block_rows < least_rows || block_rows > most_rows)
    fail(ErrorKind::bad_data, reader.place(), "blocks of {} rows", block_rows);
  const auto map = reader.take((symbols.rows + block_rows - 1) / block_rows * symbols.columns(), 1);
  std::int64_t count = 0;
  std::size_t next = 0;
  for_each_block(symbols, block_rows,
                 [&](std::int64_t, std::int64_t rows) { count += map[next++] != 0 ? rows : 0; });
  const auto kept = reader.take(count, symbols.bits);
  std::size_t place = 0;
  next = 0;
  for_each_block(symbols, block_rows, [&](std::int64_t first, std::int64_t rows) {
    if (map[next++] == 0) return;
    for (std::int64_t i = 0; i < rows; ++i)
      symbols.values[static_cast<std::size_t>(first + i * symbols.columns())] = kept[place++];
  });
}

}  // namespace

const StorageEncodingRow block{{"block",
                                "one bit for each m output channels at one tap, then all symbols of blocks "
                                "that are not zero; best m of 2..16",
                                "",
                                {}},
                               applies,
                               write,
                               read};

}  // namespace tern::pack::encodings
