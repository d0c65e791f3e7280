#include <algorithm>

#include "base/error.hpp"
#include "pack/bits.hpp"
#include "pack/entropy.hpp"

namespace tern::pack {
namespace {

constexpr int probability_bits = 12;
constexpr std::uint32_t total = 1U << probability_bits, lowest_state = 1U << 23;

/// Counts scaled to a sum of 4096, at least 1 where a symbol occurs.
std::vector<std::uint32_t> normalized(const std::vector<std::int64_t>& counts) {
  std::int64_t sum = 0, scaled = 0;
  for (const std::int64_t count : counts) sum += count;
  std::vector<std::uint32_t> frequencies(counts.size());
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const double share = static_cast<double>(counts[i]) / static_cast<double>(sum) * total;
    frequencies[i] = std::max(1U, static_cast<std::uint32_t>(share + 0.5));
    scaled += frequencies[i];
  }
  while (scaled != total) {  // the largest ones feel the difference least
    std::uint32_t& largest = *std::max_element(frequencies.begin(), frequencies.end());
    const std::int64_t room = std::max<std::int64_t>(1, largest / 8);
    const std::int64_t change = std::clamp<std::int64_t>(std::int64_t{total} - scaled, -room, total);
    largest = static_cast<std::uint32_t>(largest + change);
    scaled += change;
  }
  return frequencies;
}

std::vector<std::uint32_t> running_sum(const std::vector<std::uint32_t>& frequencies) {
  std::vector<std::uint32_t> first(frequencies.size());
  for (std::size_t i = 1; i < first.size(); ++i) first[i] = first[i - 1] + frequencies[i - 1];
  return first;
}

}  // namespace

std::string rans_encode(std::span<const std::uint32_t> values, int bits) {
  const auto counts = histogram(values, bits);
  const auto frequencies = normalized(counts), first = running_sum(frequencies);
  std::vector<std::uint32_t> table;
  for (const std::uint32_t frequency : frequencies)
    if (frequency > 0) table.push_back(frequency - 1);
  std::string tail;  // written backwards
  std::uint32_t state = lowest_state;
  for (auto value = values.rbegin(); value != values.rend(); ++value) {
    const std::uint32_t frequency = frequencies[*value];
    const std::uint64_t limit = std::uint64_t{lowest_state >> probability_bits << 8} * frequency;
    for (; state >= limit; state >>= 8) tail.push_back(static_cast<char>(state & 0xFFU));
    state = (state / frequency << probability_bits) + state % frequency + first[*value];
  }
  for (int i = 0; i < 4; ++i, state >>= 8) tail.push_back(static_cast<char>(state & 0xFFU));
  std::reverse(tail.begin(), tail.end());
  return pack_alphabet(counts) + pack_fields(table, probability_bits) + tail;
}

std::vector<std::uint32_t> rans_decode(std::string_view bytes, std::int64_t count, int bits,
                                       std::string_view place) {
  const auto alphabet = take_alphabet(bytes, bits, place);
  auto frequencies = take_fields(bytes, static_cast<std::int64_t>(alphabet.size()), probability_bits, place);
  std::vector<std::uint32_t> owner;  // of each of the 4096 slots: a place in the alphabet
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    owner.insert(owner.end(), ++frequencies[i], static_cast<std::uint32_t>(i));
    if (owner.size() > total) break;
  }
  if (owner.size() != total) fail(ErrorKind::bad_data, place, "probabilities do not sum to one");
  const auto first = running_sum(frequencies);
  std::size_t next = 0;
  const auto shift_in = [&](std::uint32_t state) {
    if (next == bytes.size()) fail(ErrorKind::bad_data, place, "an entropy code ends too early");
    return state << 8 | static_cast<unsigned char>(bytes[next++]);
  };
  std::uint32_t state = 0;
  for (int i = 0; i < 4; ++i) state = shift_in(state);
  if (state < lowest_state || state >> 31 != 0)
    fail(ErrorKind::bad_data, place, "an entropy code's state is out of range");
  std::vector<std::uint32_t> values(static_cast<std::size_t>(count));
  for (auto& value : values) {
    const std::uint32_t slot = state & (total - 1), symbol = owner[slot];
    value = alphabet[symbol];
    state = frequencies[symbol] * (state >> probability_bits) + slot - first[symbol];
    while (state < lowest_state) state = shift_in(state);
  }
  if (state != lowest_state || next != bytes.size())
    fail(ErrorKind::bad_data, place, "an entropy code does not end where it should");
  return values;
}

}  // namespace tern::pack
