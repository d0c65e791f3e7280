#include "compress/quantize/extreme/kmeans.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.hpp"
#include "compress/quantize/extreme/cluster_values.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> kmeans(int bits, const at::Tensor& weight) {
  QuantizerOptions options;
  options.bits = bits;
  return make_quantizer("kmeans", options, weight);
}

/// Lloyd's algorithm as its definition has it, O(n k) a round.
std::vector<double> plain_lloyd(const at::Tensor& values, int k, bool keeps_zero, int rounds) {
  std::vector<double> centroids(static_cast<std::size_t>(k));
  const double low = values.min().item<double>(), high = values.max().item<double>();
  for (int c = 0; c < k; ++c) centroids[static_cast<std::size_t>(c)] = low + (high - low) * c / (k - 1);
  const auto nearest = [&](double x) {
    return std::min_element(centroids.begin(), centroids.end(),
                            [&](double a, double b) { return std::abs(x - a) < std::abs(x - b); });
  };
  const auto pinned = nearest(0.0) - centroids.begin();
  if (keeps_zero) centroids[static_cast<std::size_t>(pinned)] = 0;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> sums(centroids.size()), counts(centroids.size());
    for (std::int64_t i = 0; i < values.numel(); ++i) {
      const double x = values[i].item<double>();
      const auto c = static_cast<std::size_t>(nearest(x) - centroids.begin());
      sums[c] += x, counts[c] += 1;
    }
    for (std::size_t c = 0; c < centroids.size(); ++c)
      if (counts[c] > 0 && !(keeps_zero && static_cast<std::ptrdiff_t>(c) == pinned)) centroids[c] = sums[c] / counts[c];
  }
  return centroids;
}

TEST(ClusterValues, IsLloydsAlgorithm) {
  const at::Tensor values = random({400}, 1);
  for (const bool keeps_zero : {false, true})
    for (const int k : {2, 4, 16})
      for (const int rounds : {1, 3, 40}) {
        const auto expected = plain_lloyd(values, k, keeps_zero, rounds);
        const at::Tensor got = cluster_values(values, k, keeps_zero, rounds).centroids;
        for (int c = 0; c < k; ++c)
          EXPECT_NEAR(got[c].item<double>(), expected[static_cast<std::size_t>(c)], 1e-5) << k << " " << rounds;
      }
}

TEST(ClusterValues, FindsSeparatedClustersAndIgnoresZeros) {
  const at::Tensor noise = random({3000}, 2) * 0.01;
  const at::Tensor values = at::cat({noise.slice(0, 0, 1000) - 3, noise.slice(0, 1000, 2000) + 1,
                                     noise.slice(0, 2000, 3000) + 3, at::zeros({5000})});
  const at::Tensor centroids = cluster_values(values, 4, true).centroids;
  EXPECT_LT(distance(centroids, at::tensor({-3.F, 0.F, 1.F, 3.F})), 0.01);
  EXPECT_EQ(centroids[1].item<float>(), 0);
}

TEST(ClusterValues, FewValuesNoneAndOneSign) {
  EXPECT_EQ(distance(cluster_values(at::zeros({9}), 4, true).centroids, at::zeros({4})), 0);
  const at::Tensor positive = at::tensor({1.0F, 2.0F});
  const at::Tensor centroids = cluster_values(positive, 4, true).centroids;
  EXPECT_EQ(centroids[0].item<float>(), 0);
  EXPECT_LT(distance(centroids.index_select(0, nearest_centroid(positive, centroids).to(at::kLong)), positive), 0.4);
  EXPECT_EQ(distance(cluster_values(at::full({5}, -2.0F), 2, false).centroids, at::full({2}, -2.0F)), 0);
}

TEST(NearestCentroid, IsNearest) {
  const at::Tensor values = random({500}, 3), centroids = std::get<0>(random({16}, 4).sort());
  const at::Tensor all = (values.unsqueeze(1) - centroids.unsqueeze(0)).abs();
  const at::Tensor got = centroids.index_select(0, nearest_centroid(values, centroids).to(at::kLong));
  EXPECT_LT(distance((values - got).abs(), std::get<0>(all.min(1))), 1e-6);
}

TEST(Kmeans, HasTwoToTheBitsValues) {
  const at::Tensor w = random({4000}, 5);
  for (int bits = 1; bits <= 8; ++bits) {
    const learn::QuantizedWeight integers = kmeans(bits, w)->integers(w);
    EXPECT_EQ(integers.codebook.size(0), 1 << bits);
    EXPECT_LT(integers.codes.max().item<double>(), 1 << bits);
    EXPECT_EQ(integers.codebook.eq(0).sum().item<int>(), bits > 1 ? 1 : 0);
  }
}

// Deep Compression, eq. 3; values are linear in the codebook, so that differences are exact up to rounding.
TEST(Kmeans, ACentroidsGradientIsTheSumOfItsMembers) {
  const at::Tensor w = random({20, 10}, 6), g = random({20, 10}, 7);
  auto q = kmeans(3, w);
  const at::Tensor latent = leaf(w);
  (q->quantize(latent) * g).sum().backward();
  EXPECT_FALSE(latent.grad().defined());
  const at::Tensor codebook = q->tensors().at("codebook"), codes = q->integers(w).codes;
  for (int c = 0; c < 8; ++c) {
    const double gradient = codebook.grad()[c].item<double>();
    if (codebook[c].item<float>() == 0) {
      EXPECT_EQ(gradient, 0);
      continue;
    }
    EXPECT_NEAR(gradient, (g * codes.eq(c)).sum().item<double>(), 1e-4);
    const c10::NoGradGuard no_grad;
    const double before = (q->quantize(w) * g).sum().item<double>();
    codebook[c] += 0.125;
    EXPECT_NEAR(gradient, ((q->quantize(w) * g).sum().item<double>() - before) / 0.125, 1e-3);
    codebook[c] -= 0.125;
  }
}

TEST(Kmeans, Pitfall5WeightsPrunedLaterBecomeZeroToo) {
  const at::Tensor w = random({40, 5}, 8) + 2, mask = random({40, 5}, 9).gt(0).to(at::kFloat);
  auto q = kmeans(4, w);
  const at::Tensor values = q->quantize(w * mask).detach();
  EXPECT_EQ((values * (1 - mask)).abs().max().item<double>(), 0);
  EXPECT_EQ(distance(values * mask, q->quantize(w).detach() * mask), 0);
}

TEST(Kmeans, CodesStayWhenCentroidsMove) {
  const at::Tensor w = random({300}, 10);
  auto q = kmeans(3, w);
  const at::Tensor codes = q->integers(w).codes.clone();
  {
    const c10::NoGradGuard no_grad;
    q->tensors().at("codebook").mul_(1.7);
  }
  EXPECT_EQ(distance(q->integers(w).codes, codes), 0);
}

TEST(Kmeans, OtherShapesAreRefused) {
  const at::Tensor w = random({30}, 11);
  EXPECT_THROW(kmeans(3, w)->quantize(random({31}, 12)), Error);
}

}  // namespace
}  // namespace tern::compress
