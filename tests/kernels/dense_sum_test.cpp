#include "kernels/dense_sum.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

/// The header's formula, in the header's order.
template <typename Sum>
std::vector<Sum> plain_sums(const DenseSum& job) {
  std::vector<Sum> sums(static_cast<std::size_t>(job.num_places * dense_block));
  for (std::int64_t p = 0; p < job.num_places; ++p)
    for (std::int64_t t = 0; t < job.num_taps; ++t)
      for (std::int64_t c = 0; c < job.ic; ++c)
        for (std::int64_t o = 0; o < dense_block; ++o)
          sums[p * dense_block + o] += static_cast<Sum>(job.src[job.places[p] + job.taps[t] + c]) *
                                       static_cast<Sum>(job.weights[(t * job.ic + c) * dense_block + o]);
  return sums;
}

TEST(DenseSum, EqualsThePlainLoopBitForBitOnEveryInstructionSet) {
  const std::vector<float> src = normals(600, 1), weights = normals(9 * 7 * dense_block, 2);
  std::vector<std::int64_t> places;
  for (std::int64_t p = 0; p < 21; ++p) places.push_back(p * 5);
  const std::vector<std::int64_t> taps{0, 7, 14, 100, 107, 114, 300, 301, 420};
  each_isa([&] {
    for (const std::int64_t num_places : {0, 1, 2, 3, 7, 8, 9, 21})
      for (const std::int64_t num_taps : {1, 9})
        for (const std::int64_t ic : {1, 7}) {
          const DenseSum job{src.data(), places.data(), num_places, taps.data(), num_taps,
                             ic,         weights.data()};
          std::vector<float> sums(static_cast<std::size_t>(num_places * dense_block), -1.0F);
          std::vector<double> wide(sums.size(), -1.0);
          dense_sums(job, sums.data());
          dense_sums(job, wide.data());
          EXPECT_EQ(sums, plain_sums<float>(job)) << num_places << " " << num_taps << " " << ic;
          EXPECT_EQ(wide, plain_sums<double>(job));
        }
  });
}

}  // namespace
}  // namespace tern::kernels
