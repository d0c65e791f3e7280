#include "base/seed.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include <gtest/gtest.h>

namespace tern {
namespace {

TEST(Seed, StreamsDependOnSeedAndNameOnly) {
  EXPECT_EQ(derive_seed(1, "shuffle"), derive_seed(1, "shuffle"));
  EXPECT_NE(derive_seed(1, "shuffle"), derive_seed(2, "shuffle"));
  EXPECT_NE(derive_seed(1, "shuffle"), derive_seed(1, "dropout"));
  std::set<std::uint64_t> epochs;
  for (std::uint64_t epoch = 0; epoch < 1000; ++epoch) epochs.insert(derive_seed(7, epoch));
  EXPECT_EQ(epochs.size(), 1000U);
}

// Published first outputs of xoshiro256++ for the state that SplitMix64 derives are not at hand; these are the moments.
TEST(Rng, MomentsOfItsDistributions) {
  Rng rng(3);
  const int count = 200000;
  double sum = 0, squares = 0, normal = 0, normal_squares = 0, beta = 0;
  for (int i = 0; i < count; ++i) {
    const double u = rng.uniform();
    ASSERT_GE(u, 0.0);
    ASSERT_LT(u, 1.0);
    sum += u;
    squares += u * u;
    const double z = rng.normal();
    normal += z;
    normal_squares += z * z;
    beta += rng.beta(0.5, 1.5);
  }
  EXPECT_NEAR(sum / count, 0.5, 5 * std::sqrt(1.0 / 12 / count));
  EXPECT_NEAR(squares / count, 1.0 / 3, 0.005);
  EXPECT_NEAR(normal / count, 0.0, 5 / std::sqrt(double(count)));
  EXPECT_NEAR(normal_squares / count, 1.0, 0.02);
  EXPECT_NEAR(beta / count, 0.25, 0.005);
}

TEST(Rng, BelowIsUniformAndPermutationIsComplete) {
  Rng rng(5);
  std::vector<int> counts(7);
  for (int i = 0; i < 70000; ++i) ++counts[rng.below(7)];
  for (const int c : counts) EXPECT_NEAR(c, 10000, 500);
  auto order = permutation(100, rng);
  EXPECT_FALSE(std::is_sorted(order.begin(), order.end()));
  std::sort(order.begin(), order.end());
  for (std::int64_t i = 0; i < 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace tern
