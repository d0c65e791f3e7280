#include "mutations.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace tern::fuzz {
namespace {

constexpr std::int64_t boundaries[] = {0,         1,         2,         3,          4,          7,          8,       15,
                                       16,        17,        31,        32,         33,         63,         64,      127,
                                       128,       255,       256,       257,        1000,       4096,       32767,   32768,
                                       65535,     65536,     1 << 20,   (1 << 20) + 1, 100'000'000, 0x7FFFFFFF, 0x80000000LL,
                                       0xFFFFFFFFLL, 0x100000000LL, 1LL << 40, 1LL << 62, 0x7FFFFFFFFFFFFFFFLL, -1, -2, -128};

std::int64_t boundary(Rng& rng) { return boundaries[rng.below(std::size(boundaries))]; }

/// [begin, begin + size) of a string, at most 64 or so mostly, sometimes all of it.
struct Range {
  std::size_t begin, size;
};
Range any_range(std::size_t size, Rng& rng) {
  const std::size_t begin = rng.below(size), rest = size - begin;
  return {begin, 1 + rng.below(rng.below(8) == 0 ? rest : std::min<std::size_t>(rest, 64))};
}

void change_number(std::string& bytes, Rng& rng) {
  const std::size_t width = std::size_t{1} << rng.below(4);
  if (bytes.size() < width) return;
  char* const at = bytes.data() + rng.below(bytes.size() - width + 1);
  std::uint64_t value = 0;
  std::memcpy(&value, at, width);
  switch (rng.below(4)) {
    case 0: value = static_cast<std::uint64_t>(boundary(rng)); break;
    case 1: value += rng.below(33) - 16; break;
    case 2: value = bytes.size() + rng.below(17) - 8; break;
    default: value = rng(); break;
  }
  std::memcpy(at, &value, width);
}

void change_once(std::string& bytes, std::size_t longest, Rng& rng) {
  if (bytes.empty()) bytes.push_back(static_cast<char>(rng.below(256)));
  const Range part = any_range(bytes.size(), rng);
  switch (rng.below(8)) {
    case 0: bytes[part.begin] = static_cast<char>(bytes[part.begin] ^ (1 << rng.below(8))); break;
    case 1: bytes[part.begin] = static_cast<char>(rng.below(256)); break;
    case 2: bytes.erase(part.begin, part.size); break;
    case 3: bytes.insert(rng.below(bytes.size() + 1), bytes.substr(part.begin, part.size)); break;
    case 4: std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(part.begin), part.size, static_cast<char>(rng.below(256))); break;
    case 5: {
      const std::string copy = bytes.substr(part.begin, part.size);
      const std::size_t at = rng.below(bytes.size() - copy.size() + 1);
      bytes.replace(at, copy.size(), copy);
      break;
    }
    case 6: bytes.resize(rng.below(4) == 0 ? rng.below(bytes.size()) : bytes.size(), '\0'); [[fallthrough]];
    default: change_number(bytes, rng); break;
  }
  if (bytes.size() > longest) bytes.resize(longest);
}

/// Where the numbers, quoted texts and balanced {...} or [...] of a text stand.
std::vector<Range> tokens(std::string_view text) {
  std::vector<Range> found;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::size_t begin = i;
    if (text[i] == '"') {
      for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\';
      found.push_back({begin, std::min(i + 1, text.size()) - begin});
    } else if (std::isdigit(static_cast<unsigned char>(text[i])) || text[i] == '-') {
      while (i + 1 < text.size() && std::strchr("0123456789.eE+-", text[i + 1]) != nullptr && text[i + 1] != '\0') ++i;
      found.push_back({begin, i + 1 - begin});
    } else if (text[i] == '{' || text[i] == '[') {
      open.push_back(i);
    } else if ((text[i] == '}' || text[i] == ']') && !open.empty()) {
      found.push_back({open.back(), i + 1 - open.back()});
      open.pop_back();
    }
  }
  return found;
}

std::string new_value(Rng& rng) {
  static constexpr const char* odd[] = {"null", "true", "false", "\"\"", "[]", "{}", "0.5", "-0.0", "1e30", "1e308", "[1]", "[1,1]",
                                        "18446744073709551615", "[0]", "\"x\"", "[1,2,3,4]", "1e-40"};
  if (rng.below(3) == 0) return odd[rng.below(std::size(odd))];
  return std::to_string(rng.below(2) == 0 ? boundary(rng) : static_cast<std::int64_t>(rng.below(20)));
}

}  // namespace

void mutate_bytes(std::string& bytes, std::size_t longest, Rng& rng) {
  for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) change_once(bytes, longest, rng);
}

void mutate_json(std::string& text, std::size_t longest, Rng& rng) {
  for (std::uint64_t n = 1 + rng.below(4); n > 0; --n) {
    const std::vector<Range> found = tokens(text);
    if (found.empty()) return mutate_bytes(text, longest, rng);
    const Range a = found[rng.below(found.size())], b = found[rng.below(found.size())];
    const std::string other = text.substr(b.begin, b.size);
    switch (rng.below(6)) {
      case 0: text.replace(a.begin, a.size, new_value(rng)); break;
      case 1: text.replace(a.begin, a.size, other); break;
      case 2: text.insert(a.begin + a.size, ',' + text.substr(a.begin, a.size)); break;
      case 3: {  // with the comma behind it
        const std::size_t end = a.begin + a.size;
        text.erase(a.begin, a.size + (end < text.size() && text[end] == ','));
        break;
      }
      case 4: text.replace(a.begin, a.size, rng.below(2) == 0 ? "[" + other + "]" : std::to_string(rng.below(40))); break;
      default: change_once(text, longest, rng); break;
    }
    if (text.size() > longest) text.resize(longest);
  }
}

}  // namespace tern::fuzz
