#include "cost/encoding.hpp"

#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/seed.hpp"

namespace tern::cost {
namespace {

/// Encodes a bitmap element by element and counts bits.
double brute_force_bits(Encoding encoding, const std::vector<bool>& nonzero, int rows, int bits,
                        int run_bits) {
  const auto total = static_cast<double>(nonzero.size());
  const double row_length = total / rows;
  double nnz = 0, entries = 0;
  int run = 0;
  for (const bool value : nonzero) {
    if (!value) {
      if (++run == 1 << run_bits) run = 0, ++entries;  // an entry with a full counter and the value zero
      continue;
    }
    run = 0, ++entries, ++nnz;
  }
  // Trailing zeros need no entry: the length is known. Their escapes are noise of at most N / 2^r, gone for
  // long rows.
  switch (encoding) {
    case Encoding::dense:
      return total * bits;
    case Encoding::rle:
      return entries * (bits + run_bits);
    case Encoding::cp:
      return nnz * (bits + std::ceil(std::log2(row_length)));
    case Encoding::uop:
      return nnz * (bits + std::ceil(std::log2(row_length))) + (rows + 1) * std::ceil(std::log2(total + 1));
    case Encoding::bitmask:
      return total + nnz * bits;
  }
  return 0;
}

TEST(EncodingTest, ExpectationsMatchRandomBitmaps) {
  constexpr int rows = 64, row_length = 4096;
  for (const double density : {0.02, 0.05, 0.2, 0.5, 0.9, 1.0}) {
    Rng rng(derive_seed(1, std::to_string(density)));
    std::vector<bool> nonzero(std::size_t{rows} * row_length);
    for (auto&& value : nonzero) value = rng.uniform() < density;
    for (const auto& row : encoding_table())
      for (const int bits : {1, 2, 8}) {
        const TensorStatistics tensor{rows, row_length, bits, density, 4};
        const double measured = brute_force_bits(row.encoding, nonzero, rows, bits, 4);
        // Six standard deviations of a binomial count.
        const double spread = 6 * std::sqrt((1 - density) / (density * nonzero.size())) + 1e-12;
        EXPECT_NEAR(stored_bits(row.encoding, tensor).total() / measured, 1, spread)
            << row.info.name << " density " << density << " bits " << bits;
      }
  }
}

TEST(EncodingTest, ExactForGivenZeros) {
  // 3 rows of 8 elements, 6 non-zeros of 4 bits: the counts of the formulas, by hand.
  const TensorStatistics tensor{3, 8, 4, 0.25, 4};
  EXPECT_DOUBLE_EQ(stored_bits(Encoding::dense, tensor).total(), 96);
  EXPECT_DOUBLE_EQ(stored_bits(Encoding::cp, tensor).total(), 6 * (4 + 3));
  EXPECT_DOUBLE_EQ(stored_bits(Encoding::uop, tensor).total(), 6 * (4 + 3) + 4 * 5);
  EXPECT_DOUBLE_EQ(stored_bits(Encoding::bitmask, tensor).total(), 24 + 24);
  const double escapes = 6 * std::pow(0.75, 16) / (1 - std::pow(0.75, 16));
  EXPECT_NEAR(stored_bits(Encoding::rle, tensor).total(), (6 + escapes) * 8, 1e-9);
  EXPECT_DOUBLE_EQ(stored_bits(Encoding::rle, tensor).payload, stored_bits(Encoding::rle, tensor).metadata);
}

TEST(EncodingTest, RunLengthBreaksEvenAtBitsOverBitsPlusFour) {
  for (const int bits : {2, 3, 4, 6, 8, 16}) {
    const double even = bits / (bits + 4.0);
    const auto rle = [&](double density) {
      return stored_bits(Encoding::rle, {1, 1e6, bits, density, 4}).total() / (1e6 * bits);
    };
    EXPECT_NEAR(rle(even), 1, 0.002) << bits;
    EXPECT_LT(rle(even - 0.02), 1);
    EXPECT_GT(rle(even + 0.02), 1);
  }
}

TEST(EncodingTest, EveryEncodingGrowsWithBitsAndDensity) {
  for (const auto& row : encoding_table()) {
    double last = -1;
    for (double density = 0; density <= 1; density += 1.0 / 64) {
      const double now = stored_bits(row.encoding, {16, 1000, 8, density, 4}).total();
      EXPECT_GE(now, last) << row.info.name << " " << density;
      EXPECT_LE(stored_bits(row.encoding, {16, 1000, 7, density, 4}).total(), now);
      last = now;
    }
  }
}

TEST(EncodingTest, PicksTheCheapestAndKnowsItsNames) {
  const Encoding all[] = {Encoding::dense, Encoding::rle, Encoding::cp, Encoding::uop, Encoding::bitmask};
  EXPECT_EQ(cheapest_encoding(all, {1, 1024, 8, 1.0, 4}), Encoding::dense);
  EXPECT_EQ(cheapest_encoding(all, {1, 1024, 8, 0.6, 4}), Encoding::bitmask);
  EXPECT_EQ(cheapest_encoding(all, {1, 1024, 8, 0.2, 4}), Encoding::rle);
  for (const Encoding encoding : all) EXPECT_EQ(find_encoding(name_of(encoding)), encoding);
  EXPECT_THROW(find_encoding("rlee"), Error);
}

}  // namespace
}  // namespace tern::cost
