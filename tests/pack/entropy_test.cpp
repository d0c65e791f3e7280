#include "pack/entropy.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::pack {
namespace {

using Values = std::vector<std::uint32_t>;

/// Symbols of a geometric distribution: 0 most often.
Values geometric(std::uint64_t seed, std::size_t count, int bits, double stay) {
  Rng rng(seed);
  Values values(count);
  for (auto& value : values) {
    value = 0;
    while (rng.uniform() < stay && value + 1 < 1U << bits) ++value;
  }
  return values;
}

double entropy_bytes(const Values& values, int bits) {
  double sum = 0;
  for (const auto count : histogram(values, bits))
    if (count > 0)
      sum -= static_cast<double>(count) *
             std::log2(static_cast<double>(count) / static_cast<double>(values.size()));
  return sum / 8;
}

TEST(Entropy, ReturnsWhatWasEncodedAtEveryWidth) {
  for (int bits = 1; bits <= most_entropy_bits; ++bits)
    for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{77}, std::size_t{5000}})
      for (const double stay : {0.0, 0.3, 0.9, 0.999}) {
        const Values values = geometric(static_cast<std::uint64_t>(bits), count, bits, stay);
        const auto size = static_cast<std::int64_t>(count);
        EXPECT_EQ(huffman_decode(huffman_encode(values, bits), size, bits, "x"), values)
            << bits << " " << count;
        EXPECT_EQ(rans_decode(rans_encode(values, bits), size, bits, "x"), values) << bits << " " << count;
      }
}

TEST(Entropy, HuffmanCodesByHand) {
  // a three times, b once, c once: lengths 1, 2, 2, codes 0, 10, 11; a a b c a = 0 0 10 11 0.
  const Values values{0, 0, 1, 2, 0};
  const std::string bytes = huffman_encode(values, 2);
  EXPECT_EQ(bytes, (std::string{'\x07', '\x21', '\x02', '\x34'}))
      << "alphabet 111, lengths 1 2 2, bits 0010110";
}

TEST(Entropy, SizesApproachTheEntropy) {
  const int bits = 4;
  const Values values = geometric(3, 100000, bits, 0.4);
  const double least = entropy_bytes(values, bits);
  const auto huffman = static_cast<double>(huffman_encode(values, bits).size());
  const auto rans = static_cast<double>(rans_encode(values, bits).size());
  EXPECT_GE(huffman, least);
  EXPECT_LE(huffman, 1.08 * least) << "within Gallager's bound for this distribution";
  EXPECT_GE(rans + 1, least);
  EXPECT_LE(rans, 1.002 * least + 40);
  const Values rare = geometric(4, 100000, 1, 0.05);  // 0.286 bits a symbol, which Huffman cannot say
  EXPECT_LE(static_cast<double>(rans_encode(rare, 1).size()), 1.01 * entropy_bytes(rare, 1) + 10);
  EXPECT_GE(huffman_encode(rare, 1).size(), 12500U);
}

TEST(Entropy, LongCodesAreLimited) {
  Values values;  // Fibonacci counts make the deepest tree
  std::size_t a = 1, b = 1;
  for (std::uint32_t symbol = 0; symbol < 24; ++symbol, std::swap(a, b), b += a)
    values.insert(values.end(), b, symbol);
  EXPECT_EQ(huffman_decode(huffman_encode(values, 5), std::ssize(values), 5, "x"), values);
}

template <typename Decode>
void expect_hostile_safe(const std::string& bytes, const Values& values, Decode decode) {
  const std::int64_t count = std::ssize(values);
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_THROW(decode(bytes.substr(0, length), count), Error);
  EXPECT_THROW(decode(bytes + "x", count), Error);
  EXPECT_THROW(decode(bytes, count + 100), Error);
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (int flip = 1; flip < 256; flip *= 2) {
      std::string corrupt = bytes;
      corrupt[i] = static_cast<char>(corrupt[i] ^ flip);
      try {
        EXPECT_EQ(std::ssize(decode(corrupt, count)), count);
      } catch (const Error&) {
      }
    }
}

TEST(Entropy, HostileBytesGiveErrorsOrSymbols) {
  const Values values = geometric(9, 300, 3, 0.5);
  expect_hostile_safe(huffman_encode(values, 3), values, [](const std::string& bytes, std::int64_t count) {
    return huffman_decode(bytes, count, 3, "x");
  });
  expect_hostile_safe(rans_encode(values, 3), values, [](const std::string& bytes, std::int64_t count) {
    return rans_decode(bytes, count, 3, "x");
  });
  for (const std::string& bytes : {std::string(40, '\0'), std::string(40, '\xFF')}) {
    EXPECT_THROW(huffman_decode(bytes, 10, 3, "x"), Error);
    EXPECT_THROW(rans_decode(bytes, 10, 3, "x"), Error);
  }
}

}  // namespace
}  // namespace tern::pack
