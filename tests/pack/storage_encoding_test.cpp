#include "pack/storage_encoding.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/seed.hpp"
#include "pack/model_file.hpp"

namespace tern::pack {
namespace {

PackedTensor random_tensor(std::uint64_t seed, net::Shape shape, int bits, double density) {
  Rng rng(seed);
  PackedTensor tensor{std::move(shape), bits};
  for (std::int64_t i = net::num_elements(tensor.shape); i > 0; --i) {
    const bool is_zero = rng.uniform() >= density;
    if (bits == 32)
      tensor.values.push_back(is_zero ? 0 : static_cast<float>(rng.normal()));
    else if (is_zero)
      tensor.codes.push_back(0);
    else if (bits == 1)
      tensor.codes.push_back(rng.below(2) == 0 ? -1 : 1);
    else
      tensor.codes.push_back(
          static_cast<std::int16_t>(static_cast<int>(rng.below(1U << bits)) - (1 << (bits - 1))));
  }
  if (bits < 32) tensor.scales = {0.5F};
  return tensor;
}

std::int64_t bytes_of(const char* encoding, const PackedTensor& tensor) {
  SectionWriter writer({.entropy_coding = false});
  find_storage_encoding(encoding).write(to_symbols(tensor), writer);
  return static_cast<std::int64_t>(writer.bytes().size());
}

TEST(StorageEncoding, EveryEncodingReturnsEveryTensorItHolds) {
  for (const auto& row : storage_encoding_table())
    for (const int bits : {1, 2, 3, 8, 13, 16, 32})
      for (const double density : {0.0, 0.03, 0.5, 1.0})
        for (const net::Shape& shape :
             {net::Shape{1, 1}, net::Shape{7, 2, 3, 3}, net::Shape{8, 40}, net::Shape{300}})
          for (const bool entropy_coding : {false, true}) {
            const PackedTensor tensor = random_tensor(7, shape, bits, density);
            const Symbols symbols = to_symbols(tensor);
            if (!row.applies(symbols)) continue;
            SectionWriter writer({entropy_coding});
            row.write(symbols, writer);
            Symbols read = blank_symbols(tensor, symbols.size());
            SectionReader reader(writer.bytes(), "x");
            row.read(reader, read);
            reader.end();
            ASSERT_EQ(read.values, symbols.values) << row.info.name << " " << bits << " " << density;
          }
}

// A mask times a negative weight is -0.
TEST(StorageEncoding, NegativeZerosAreZeros) {
  PackedTensor tensor = random_tensor(3, {64, 40}, 32, 0.05), negative = tensor;
  for (float& value : negative.values)
    if (value == 0) value = -0.0F;
  EXPECT_EQ(stored_form(negative).bytes, stored_form(tensor).bytes);
  EXPECT_LT(stored_form(tensor).bytes, 64 * 40);
}

// n = 4 rows of 36, z not zero, 4 bits; each section costs one byte more.
TEST(StorageEncoding, BytesFollowTheFormulas) {
  PackedTensor tensor = random_tensor(1, {4, 36}, 4, 0);
  for (const std::size_t i : {0, 1, 40, 143}) tensor.codes[i] = 3;  // gaps 0, 0, 38, 102
  EXPECT_EQ(bytes_of("dense", tensor), 1 + 72);
  EXPECT_EQ(bytes_of("bitmap", tensor), 1 + 18 + 1 + 2);
  EXPECT_EQ(bytes_of("csr", tensor), (1 + 4) + (1 + 2) + (1 + 3) + (1 + 2))
      << "5 pointers of 3 bits, 4 columns of 6";
  // k = 7: 4 entries of 11 bits (44); k = 6: 5 of 10 (50); k = 5: 1 + 3 bridges, 8 of 9 (72).
  EXPECT_EQ(bytes_of("delta", tensor), (1 + 1) + (1 + 4) + (1 + 4) + (1 + 2));
  EXPECT_EQ(bytes_of("block", tensor), (1 + 1) + (1 + 5) + (1 + 8))
      << "m = 4: 36 blocks, of which 0, 1, 4 and 35 hold something";
}

TEST(StorageEncoding, BridgesGapsThatAreTooWide) {
  PackedTensor tensor = random_tensor(1, {1, 2000}, 4, 0);
  for (std::size_t i = 0; i < 2000; i += 2) tensor.codes[i] = i < 1000 ? 5 : 0;  // k = 1 is best
  tensor.codes[1006] = 5;                                                        // a gap of 7: bridges of 2
  SectionWriter writer({.entropy_coding = false});
  const Symbols symbols = to_symbols(tensor);
  find_storage_encoding("delta").write(symbols, writer);
  EXPECT_EQ(writer.bytes().size(), 2U + 5U + (1U + (504 + 7) / 8) + (1U + 504 / 2))
      << "501 codes and 3 bridges";
  Symbols read = blank_symbols(tensor, 2000);
  SectionReader reader(writer.bytes(), "x");
  find_storage_encoding("delta").read(reader, read);
  EXPECT_EQ(read.values, symbols.values);
}

/// What the smallest form is, without entropy coding.
std::string chosen(const PackedTensor& tensor) {
  return stored_form(tensor, {.entropy_coding = false}).encoding;
}

TEST(StorageEncoding, TheSmallestWins) {
  EXPECT_EQ(chosen(random_tensor(1, {64, 64}, 4, 1.0)), "dense");
  EXPECT_EQ(chosen(random_tensor(1, {64, 64}, 4, 0.4)), "bitmap");
  EXPECT_EQ(chosen(random_tensor(1, {64, 64}, 8, 0.01)), "delta");
  EXPECT_EQ(chosen(random_tensor(1, {2, 200}, 32, 1.0)), "f32");
  EXPECT_EQ(chosen(random_tensor(1, {64, 64}, 32, 0.5)), "bitmap") << "pruned floats";
  EXPECT_EQ(chosen(random_tensor(1, {16}, 32, 0)), "f32") << "the description would be larger than what it saves";
  PackedTensor blocks = random_tensor(1, {64, 64}, 8, 1.0);
  for (std::size_t i = 0; i < blocks.codes.size(); ++i)
    if ((i / 256 + i % 64) % 4 != 0) blocks.codes[i] = 0;
  EXPECT_EQ(chosen(blocks), "block");
  PackedTensor clusters = random_tensor(1, {2, 4096}, 2, 0);
  for (std::size_t i = 0; i < 20; ++i) clusters.codes[i] = clusters.codes[8191 - i] = 1;
  EXPECT_EQ(chosen(clusters), "delta") << "one gap, bridged";
  PackedTensor scattered = random_tensor(1, {2, 16}, 16, 0);
  for (const std::size_t i : {0, 15, 16, 31}) scattered.codes[i] = 1;
  EXPECT_EQ(chosen(scattered), "bitmap");
}

TEST(StorageEncoding, NoEncodingBeatsTheChosenOne) {
  for (const int bits : {1, 2, 4, 8, 32})
    for (const double density : {0.0, 0.02, 0.1, 0.3, 0.6, 0.95}) {
      const PackedTensor tensor = random_tensor(5, {16, 90}, bits, density);
      const std::int64_t stored = stored_form(tensor, {.entropy_coding = false}).bytes;
      const std::int64_t scales = bits == 32 ? 0 : 4;
      for (const auto& row : storage_encoding_table())
        if (row.applies(to_symbols(tensor))) {
          EXPECT_LE(stored, scales + bytes_of(row.info.name.c_str(), tensor)) << row.info.name;
        }
      EXPECT_LE(stored_form(tensor).bytes, stored) << "entropy coding is taken only where it is smaller";
    }
}

TEST(StorageEncoding, BitmapBeatsIndicesAboveOneOverK) {
  // n (1 + d b) against n d (b + k): d > 1 / k. Columns of 8 bits: an eighth.
  EXPECT_LT(bytes_of("bitmap", random_tensor(2, {256, 256}, 8, 0.14)),
            bytes_of("csr", random_tensor(2, {256, 256}, 8, 0.14)));
  EXPECT_GT(bytes_of("bitmap", random_tensor(2, {256, 256}, 8, 0.11)),
            bytes_of("csr", random_tensor(2, {256, 256}, 8, 0.11)));
}

TEST(StorageEncoding, EntropyCodingShrinksPeakedCodes) {
  Rng rng(3);
  PackedTensor tensor{{64, 64}, 8};
  for (int i = 0; i < 64 * 64; ++i)
    tensor.codes.push_back(static_cast<std::int16_t>(std::lround(rng.normal() * 3)));
  tensor.scales = {1};
  const StoredForm form = stored_form(tensor);
  EXPECT_TRUE(form.entropy_coded);
  EXPECT_LT(form.bytes, 64 * 64 * 4 / 8) << "about 3.6 bits of entropy";
}

TEST(StorageEncoding, CodebooksOfVectorsAreStoredOnce) {
  Rng rng(3);
  PackedTensor tensor{{16, 16}, 4};
  tensor.codebook_dim = 4;
  for (int i = 0; i < 13 * 4; ++i)
    tensor.codebook.push_back(i / 4 == 5 ? 0 : static_cast<float>(rng.normal()));
  for (int i = 0; i < 64; ++i) tensor.codes.push_back(static_cast<std::int16_t>(rng.below(13)));
  tensor.scales = {1};
  const StoredForm form = stored_form(tensor, {.entropy_coding = false});
  EXPECT_EQ(form.encoding, "dense");
  EXPECT_EQ(form.bytes, 4 + 13 * 4 * 4 + 1 + 32) << "the scale, the table, 64 indices of 4 bits";
  std::fill(tensor.codes.begin(), tensor.codes.begin() + 56, std::int16_t{5});
  EXPECT_NE(stored_form(tensor, {.entropy_coding = false}).encoding, "dense") << "row 5 is zero and left out";
}

TEST(StorageEncoding, HostileSectionsGiveErrorsOrTensors) {
  for (const auto& row : storage_encoding_table()) {
    const PackedTensor tensor = random_tensor(2, {8, 20}, 4, 0.3);
    SectionWriter writer({.entropy_coding = false});
    row.write(to_symbols(tensor), writer);
    for (std::size_t i = 0; i < writer.bytes().size(); ++i)
      for (int flip = 1; flip < 256; flip *= 2) {
        std::string corrupt = writer.bytes();
        corrupt[i] = static_cast<char>(corrupt[i] ^ flip);
        Symbols read = blank_symbols(tensor, 160);
        try {
          SectionReader reader(corrupt, "x");
          row.read(reader, read);
          reader.end();
          EXPECT_EQ(read.size(), 160);
        } catch (const Error&) {
        }
      }
    for (std::size_t length = 0; length < writer.bytes().size(); ++length) {
      Symbols read = blank_symbols(tensor, 160);
      SectionReader reader(std::string_view(writer.bytes()).substr(0, length), "x");
      EXPECT_THROW((row.read(reader, read), reader.end()), Error) << row.info.name << " " << length;
    }
  }
}

}  // namespace
}  // namespace tern::pack
