#include "pack/bits.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::pack {
namespace {

std::string bytes_of(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

TEST(Bits, PacksFromTheLeastSignificantBit) {
  const std::vector<std::int8_t> ternary{1, -1, 0, 1, -1};
  EXPECT_EQ(pack_codes(ternary, 2), bytes_of({0b01'00'11'01, 0b00'00'00'11}));
  const std::vector<std::int8_t> three{1, -1, 3};  // 001, 111, 011: the third spans both bytes
  EXPECT_EQ(pack_codes(three, 3), bytes_of({0b11'111'001, 0b0}));
  const std::vector<std::int8_t> eight{-128, 127, -1};
  EXPECT_EQ(pack_codes(eight, 8), bytes_of({0x80, 0x7F, 0xFF}));
  const std::vector<std::int8_t> one{0, -1, -1, 0, 0, 0, 0, 0, -1};
  EXPECT_EQ(pack_codes(one, 1), bytes_of({0b110, 1}));
}

TEST(Bits, ReturnsEveryCodeAtEveryWidthAndLength) {
  Rng rng(1);
  for (int bits = 1; bits <= 8; ++bits) {
    for (std::int64_t count = 0; count < 40; ++count) {
      std::vector<std::int8_t> codes;
      for (std::int64_t i = 0; i < count; ++i)
        codes.push_back(static_cast<std::int8_t>(static_cast<int>(rng.below(1U << bits)) - (1 << (bits - 1))));
      const std::string bytes = pack_codes(codes, bits);
      EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), (count * bits + 7) / 8);
      EXPECT_EQ(unpack_codes(bytes, count, bits, "x"), codes) << bits << " bits, " << count << " codes";
    }
  }
}

TEST(Bits, RefusesWhatDoesNotFit) {
  const std::vector<std::int8_t> codes{2};
  EXPECT_THROW(pack_codes(codes, 2), Error);
  EXPECT_THROW(pack_codes(codes, 0), Error);
  EXPECT_THROW(pack_codes(codes, 9), Error);
  EXPECT_THROW(unpack_codes("ab", 3, 2, "x"), Error) << "a byte too many";
  EXPECT_THROW(unpack_codes("", 1, 2, "x"), Error);
  EXPECT_THROW(unpack_codes(bytes_of({0b0100'0000}), 3, 2, "x"), Error) << "an unused bit is set";
}

}  // namespace
}  // namespace tern::pack
