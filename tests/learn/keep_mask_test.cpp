// Masks of dropout: their share, their independence, and that they are functions of the seed.
#include "learn/ops/keep_mask.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "learn/testing.hpp"

namespace tern::learn::ops {
namespace {

TEST(KeepMask, KeepsTheShareItIsAskedFor) {
  constexpr std::int64_t count = 100001;
  for (const double p : {0.0, 0.1, 0.5, 0.6, 0.99}) {
    const at::Tensor mask = keep_mask(count, p, 7).to(at::kDouble);
    const double spread = std::sqrt(p * (1 - p) / count);
    EXPECT_NEAR(mask.mean().item<double>(), 1 - p, 5 * spread) << p;
    EXPECT_EQ((mask * (1 - mask)).abs().max().item<double>(), 0) << p;
  }
}

TEST(KeepMask, NeighboursAreIndependent) {
  const at::Tensor mask = keep_mask(200000, 0.5, 8).to(at::kDouble) - 0.5;
  for (const std::int64_t apart : {1, 2, 3, 16}) {
    const at::Tensor products = mask.slice(0, apart) * mask.slice(0, 0, 200000 - apart);
    EXPECT_NEAR(4 * products.mean().item<double>(), 0, 5 / std::sqrt(200000.0)) << apart;
  }
}

TEST(KeepMask, IsAFunctionOfTheSeed) {
  EXPECT_TRUE(at::equal(keep_mask(1001, 0.5, 9), keep_mask(1001, 0.5, 9)));
  EXPECT_FALSE(at::equal(keep_mask(1001, 0.5, 9), keep_mask(1001, 0.5, 10)));
  // One value more leaves those before it.
  EXPECT_TRUE(at::equal(keep_mask(1001, 0.5, 9), keep_mask(1002, 0.5, 9).slice(0, 0, 1001)));
}

TEST(KeepFactors, KeepTheMean) {
  const at::Tensor factors = keep_factors({37, 11}, 0.2, 11);
  EXPECT_EQ(factors.sizes(), (at::IntArrayRef{37, 11}));
  EXPECT_TRUE(at::equal(factors.flatten(), keep_mask(37 * 11, 0.2, 11).to(at::kFloat) * 1.25F));
  EXPECT_EQ(keep_factors({0, 3}, 0.5, 1).numel(), 0);
}

}  // namespace
}  // namespace tern::learn::ops
