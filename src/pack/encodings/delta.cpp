// Distances between the elements that are not zero, in k bits; a wider gap is bridged by entries that hold
// zero.
//
// Sections: k (5 bits), the number of entries (32 bits), a gap for each entry (k bits: zeros before it), a
// symbol for each. An entry of gap 2^k - 1 whose symbol is zero only skips those zeros and its own place.
// Zeros behind the last entry are not stored.
#include "pack/storage_encoding.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace tern::pack::encodings {
namespace {

constexpr int most_gap_bits = 16;

bool applies(const Symbols& symbols) {
  return symbols.zero_fits() && symbols.size() >> 31 == 0;
}

std::vector<std::int64_t> gaps_of(const Symbols& symbols) {
  std::vector<std::int64_t> gaps;
  std::int64_t gap = 0;
  for (const std::uint32_t value : symbols.values) {
    if (value == symbols.zero) {
      ++gap;
      continue;
    }
    gaps.push_back(gap);
    gap = 0;
  }
  return gaps;
}

/// The k of the fewest bits, entries * (k + b).
int best_gap_bits(const std::vector<std::int64_t>& gaps, int symbol_bits) {
  int best = 1;
  std::int64_t least = -1;
  for (int k = 1; k <= most_gap_bits; ++k) {
    std::int64_t entries = static_cast<std::int64_t>(gaps.size());
    for (const std::int64_t gap : gaps) entries += gap >> k;
    const std::int64_t bits = entries * (k + symbol_bits);
    if (least >= 0 && bits >= least) continue;
    least = bits;
    best = k;
  }
  return best;
}

void write(const Symbols& symbols, SectionWriter& writer) {
  const auto gaps = gaps_of(symbols);
  const int k = best_gap_bits(gaps, symbols.bits);
  const std::int64_t reach = std::int64_t{1} << k;
  const auto kept = nonzeros(symbols);
  std::vector<std::uint32_t> fields, entries;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    fields.insert(fields.end(), static_cast<std::size_t>(gaps[i] / reach),
                  static_cast<std::uint32_t>(reach - 1));
    entries.insert(entries.end(), static_cast<std::size_t>(gaps[i] / reach), symbols.zero);
    fields.push_back(static_cast<std::uint32_t>(gaps[i] % reach));
    entries.push_back(kept[i]);
  }
  writer.add(std::vector<std::uint32_t>{static_cast<std::uint32_t>(k)}, 5);
  writer.add(std::vector<std::uint32_t>{static_cast<std::uint32_t>(entries.size())}, 32);
  writer.add(fields, k);
  writer.add(entries, symbols.bits);
}

void read(SectionReader& reader, Symbols& symbols) {
  const auto k = static_cast<int>(reader.take(1, 5)[0]);
  const std::uint32_t count = reader.take(1, 32)[0];
  if (k < 1 || k > most_gap_bits || count > symbols.size())
    fail(ErrorKind::bad_data, reader.place(), "{} gaps of {} bits in {} elements", count, k, symbols.size());
  const auto fields = reader.take(count, k), entries = reader.take(count, symbols.bits);
  std::int64_t place = -1;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    place += fields[i] + std::int64_t{1};
    const bool is_bridge = fields[i] + std::uint64_t{1} == std::uint64_t{1} << k && i + 1 < fields.size();
    if (place >= symbols.size() || (entries[i] == symbols.zero && !is_bridge))
      fail(ErrorKind::bad_data, reader.place(), "gap {} leads to no element", i);
    symbols.values[static_cast<std::size_t>(place)] = entries[i];
  }
}

}  // namespace

const StorageEncodingRow delta{
    {"delta",
     "gaps of k bits, wider ones bridged by zeros: entries (k + b) / 8 bytes, the best k of 1..16",
     "Han et al. 2016, Deep Compression",
     {}},
    applies,
    write,
    read};

}  // namespace tern::pack::encodings
