#include "compress/prune/scope.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::compress {
namespace {

const std::vector<Extents> resnet_like{
    {16, 3, 3, 3}, {16, 16, 3, 3}, {32, 16, 3, 3}, {64, 32, 3, 3}, {10, 64}};

std::int64_t elements(const Extents& layer) {
  return std::accumulate(layer.begin(), layer.end(), std::int64_t{1}, std::multiplies<>());
}

TEST(Scope, ZerosAddUpExactly) {
  std::int64_t total = 0;
  for (const auto& layer : resnet_like) total += elements(layer);
  for (const auto& row : scope_table())
    for (const double sparsity : {0.0, 0.123, 0.5, 0.777, 0.9, 0.95, 0.98}) {
      if (!row.densities) continue;
      const auto zeros = zeros_by_layer(row, resnet_like, sparsity);
      EXPECT_EQ(std::accumulate(zeros.begin(), zeros.end(), std::int64_t{0}),
                std::llround(sparsity * static_cast<double>(total)))
          << row.info.name << " " << sparsity;
      const auto densities = row.densities(resnet_like, sparsity);
      for (std::size_t l = 0; l < zeros.size(); ++l)
        EXPECT_NEAR(static_cast<double>(zeros[l]),
                    (1 - densities[l]) * static_cast<double>(elements(resnet_like[l])), 1.0)
            << row.info.name << " layer " << l;
    }
}

TEST(Scope, ErkFollowsItsFormula) {
  // At 50% of two layers nothing is capped: density_l = epsilon * sum / product.
  const std::vector<Extents> layers{{20, 10, 3, 3}, {30, 20, 3, 3}};
  const auto densities = find_scope("erk").densities(layers, 0.5);
  const double epsilon = 0.5 * (1800 + 5400) / (36 + 56);
  EXPECT_NEAR(densities[0], epsilon * 36 / 1800, 1e-12);
  EXPECT_NEAR(densities[1], epsilon * 56 / 5400, 1e-12);
}

TEST(Scope, ErkSolvesAgainWhereALayerIsDense) {
  // By hand at 75% over [10, 10] (100, sum 20), [40, 40] (1600, sum 80), [100, 30] (3000, sum 130): the
  // budget is 1175. epsilon = 1175 / 230 = 5.1087 makes the first layer 1.0217 dense; the rest get epsilon =
  // 1075 / 210 = 5.1190.
  const auto densities = find_scope("erk").densities({{10, 10}, {40, 40}, {100, 30}}, 0.75);
  EXPECT_DOUBLE_EQ(densities[0], 1.0);
  EXPECT_NEAR(densities[1], 1075.0 / 210 * 80 / 1600, 1e-12);
  EXPECT_NEAR(densities[2], 1075.0 / 210 * 130 / 3000, 1e-12);
}

TEST(Scope, UniformKeepsTheFirstLayer) {
  const auto densities = find_scope("uniform").densities({{10, 10}, {30, 30}}, 0.45);
  EXPECT_DOUBLE_EQ(densities[0], 1.0);
  EXPECT_NEAR(densities[1], 0.5, 1e-12);
  EXPECT_THROW(find_scope("uniform").densities({{30, 30}, {10, 10}}, 0.5), Error);
  EXPECT_THROW(find_scope("locall"), Error);
}

}  // namespace
}  // namespace tern::compress
