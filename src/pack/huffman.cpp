#include <algorithm>
#include <array>
#include <queue>

#include "base/error.hpp"
#include "pack/bits.hpp"
#include "pack/entropy.hpp"

namespace tern::pack {
namespace {

constexpr int most_length = 15;
using Lengths = std::vector<std::uint32_t>;  // of the symbols that occur, in order

/// Depths of Huffman's tree over `weights`.
Lengths tree_depths(const std::vector<std::int64_t>& weights) {
  using Entry = std::pair<std::int64_t, std::size_t>;  // weight, node; equal weights by node: deterministic
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  for (std::size_t i = 0; i < weights.size(); ++i) open.emplace(weights[i], i);
  std::vector<std::size_t> parent(weights.size());
  while (open.size() > 1) {
    const Entry a = open.top();
    open.pop();
    const Entry b = open.top();
    open.pop();
    parent[a.second] = parent[b.second] = parent.size();
    open.emplace(a.first + b.first, parent.size());
    parent.push_back(0);
  }
  Lengths depth(parent.size(), 0);
  for (std::size_t node = parent.size() - 1; node-- > 0;) depth[node] = depth[parent[node]] + 1;
  depth.resize(weights.size());
  return depth;
}

/// At most 15: flatter weights until the deepest leaf fits.
Lengths code_lengths(std::vector<std::int64_t> weights) {
  for (;;) {
    Lengths lengths = tree_depths(weights);
    if (*std::max_element(lengths.begin(), lengths.end()) <= most_length) return lengths;
    for (auto& weight : weights) weight = weight / 2 + 1;
  }
}

/// First code of each length: codes of one length are consecutive, in order of symbols.
std::array<std::uint32_t, most_length + 1> first_codes(const Lengths& lengths) {
  std::array<std::uint32_t, most_length + 1> count{}, first{};
  for (const std::uint32_t length : lengths) ++count[length];
  count[0] = 0;
  for (std::size_t length = 1; length <= most_length; ++length)
    first[length] = (first[length - 1] + count[length - 1]) << 1;
  return first;
}

std::string write_codes(std::span<const std::uint32_t> values, const Lengths& length_of,
                        const Lengths& code_of) {
  std::string bytes;
  std::uint64_t pending = 0;
  int pending_bits = 0;
  for (const std::uint32_t value : values) {
    const std::uint32_t length = length_of[value], code = code_of[value];
    for (std::uint32_t bit = length; bit-- > 0;) pending |= std::uint64_t{code >> bit & 1U} << pending_bits++;
    for (; pending_bits >= 8; pending_bits -= 8, pending >>= 8)
      bytes.push_back(static_cast<char>(pending & 0xFFU));
  }
  if (pending_bits > 0) bytes.push_back(static_cast<char>(pending));
  return bytes;
}

/// Reads bit by bit: `offset` is the code's place among those of its length.
class CodeReader {
 public:
  CodeReader(const Lengths& lengths, const std::vector<std::uint32_t>& alphabet, std::string_view place)
      : place_(place), first_(first_codes(lengths)) {
    std::uint32_t share = 0;
    for (std::size_t i = 0; i < lengths.size(); ++i) {
      by_length_[lengths[i]].push_back(alphabet[i]);
      share += 1U << (most_length - lengths[i]);
    }
    if (share != 1U << most_length) fail(ErrorKind::bad_data, place, "a Huffman code that is not complete");
  }

  std::vector<std::uint32_t> read(std::string_view bytes, std::int64_t count) const {
    std::vector<std::uint32_t> values(static_cast<std::size_t>(count));
    std::size_t bit = 0;
    for (auto& value : values) {
      std::uint32_t code = 0, length = 0;
      while (code - first_[length] >= by_length_[length].size()) {
        if (bit == bytes.size() * 8) fail(ErrorKind::bad_data, place_, "an entropy code ends too early");
        code = code << 1 | (static_cast<unsigned char>(bytes[bit / 8]) >> (bit % 8) & 1U);
        ++bit, ++length;
      }
      value = by_length_[length][code - first_[length]];
    }
    const bool clean = bit % 8 == 0 || static_cast<unsigned char>(bytes[bit / 8]) >> (bit % 8) == 0;
    if ((bit + 7) / 8 != bytes.size() || !clean)
      fail(ErrorKind::bad_data, place_, "an entropy code does not end where it should");
    return values;
  }

 private:
  std::string_view place_;
  std::array<std::uint32_t, most_length + 1> first_;
  std::array<std::vector<std::uint32_t>, most_length + 1> by_length_;
};

}  // namespace

std::string huffman_encode(std::span<const std::uint32_t> values, int bits) {
  const auto counts = histogram(values, bits);
  std::vector<std::int64_t> weights;
  for (const std::int64_t count : counts)
    if (count > 0) weights.push_back(count);
  const Lengths lengths = code_lengths(weights);
  auto next = first_codes(lengths);
  Lengths length_of(counts.size()), code_of(counts.size());
  for (std::size_t symbol = 0, i = 0; symbol < counts.size(); ++symbol) {
    if (counts[symbol] == 0) continue;
    length_of[symbol] = lengths[i++];
    code_of[symbol] = next[length_of[symbol]]++;
  }
  return pack_alphabet(counts) + pack_fields(lengths, 4) + write_codes(values, length_of, code_of);
}

std::vector<std::uint32_t> huffman_decode(std::string_view bytes, std::int64_t count, int bits,
                                          std::string_view place) {
  const auto alphabet = take_alphabet(bytes, bits, place);
  const auto lengths = take_fields(bytes, static_cast<std::int64_t>(alphabet.size()), 4, place);
  return CodeReader(lengths, alphabet, place).read(bytes, count);
}

}  // namespace tern::pack
