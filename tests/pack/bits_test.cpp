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

std::vector<std::uint32_t> fields_of(std::initializer_list<int> codes, int bits) {
  std::vector<std::uint32_t> fields;
  for (const int code : codes) fields.push_back(to_field(code, bits));
  return fields;
}

TEST(Bits, PacksFromTheLeastSignificantBit) {
  EXPECT_EQ(pack_fields(fields_of({1, -1, 0, 1, -1}, 2), 2), bytes_of({0b01'00'11'01, 0b00'00'00'11}));
  // 001, 111, 011: the third spans both bytes
  EXPECT_EQ(pack_fields(fields_of({1, -1, 3}, 3), 3), bytes_of({0b11'111'001, 0b0}));
  EXPECT_EQ(pack_fields(fields_of({-128, 127, -1}, 8), 8), bytes_of({0x80, 0x7F, 0xFF}));
  const std::vector<std::uint32_t> ones{0, 1, 1, 0, 0, 0, 0, 0, 1};
  EXPECT_EQ(pack_fields(ones, 1), bytes_of({0b110, 1}));
  const std::vector<std::uint32_t> wide{0x12345678U, 0xFFFFFFFFU};
  EXPECT_EQ(pack_fields(wide, 32), bytes_of({0x78, 0x56, 0x34, 0x12, 0xFF, 0xFF, 0xFF, 0xFF}));
}

TEST(Bits, CodesAreTwosComplement) {
  for (int bits = 2; bits <= 16; ++bits)
    for (int code = -(1 << (bits - 1)); code <= max_code(bits); ++code) {
      EXPECT_LT(to_field(code, bits), 1U << bits);
      EXPECT_EQ(to_code(to_field(code, bits), bits), code);
    }
}

TEST(Bits, ReturnsEveryFieldAtEveryWidthAndLength) {
  Rng rng(1);
  for (int bits = 1; bits <= 32; ++bits) {
    for (std::int64_t count = 0; count < 40; ++count) {
      std::vector<std::uint32_t> fields;
      for (std::int64_t i = 0; i < count; ++i)
        fields.push_back(static_cast<std::uint32_t>(rng.below(0x100000000ULL) & ((1ULL << bits) - 1)));
      const std::string bytes = pack_fields(fields, bits);
      EXPECT_EQ(static_cast<std::int64_t>(bytes.size()), (count * bits + 7) / 8);
      EXPECT_EQ(unpack_fields(bytes, count, bits, "x"), fields) << bits << " bits, " << count << " fields";
    }
  }
}

TEST(Bits, RefusesWhatDoesNotFit) {
  const std::vector<std::uint32_t> fields{4};
  EXPECT_THROW(pack_fields(fields, 2), Error);
  EXPECT_THROW(pack_fields(fields, 0), Error);
  EXPECT_THROW(pack_fields(fields, 33), Error);
  EXPECT_THROW(unpack_fields("ab", 3, 2, "x"), Error) << "a byte too many";
  EXPECT_THROW(unpack_fields("", 1, 2, "x"), Error);
  EXPECT_THROW(unpack_fields(bytes_of({0b0100'0000}), 3, 2, "x"), Error) << "an unused bit is set";
}

}  // namespace
}  // namespace tern::pack
