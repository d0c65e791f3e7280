#include "compress/quantize/extreme/pq.hpp"

#include "base/error.hpp"
#include "compress/quantize/extreme/cluster_vectors.hpp"
#include "learn/model.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

std::shared_ptr<learn::WeightQuantizer> pq(int bits, const std::string& d, const at::Tensor& weight) {
  QuantizerOptions options;
  options.bits = bits;
  options.extra["d"] = d;
  return make_quantizer("pq", options, weight);
}

TEST(ClusterVectors, FindsSeparatedClusters) {
  const at::Tensor centres = at::tensor({4.0F, 0.0F, -4.0F, 4.0F, 0.0F, -6.0F}).view({3, 2});
  const at::Tensor rows = centres.repeat({200, 1}) + random({600, 2}, 1) * 0.05;
  const VectorClusters clusters = cluster_vectors(rows, 3);
  const at::Tensor values = clusters.centroids.index_select(0, clusters.codes.to(at::kLong));
  EXPECT_LT(distance(values, centres.repeat({200, 1})), 0.05);
}

TEST(ClusterVectors, CodesAreNearestAndRoundsReduceTheError) {
  const at::Tensor rows = random({900, 4}, 2);
  double last = 1e30;
  for (const int rounds : {1, 4, 16}) {
    const VectorClusters clusters = cluster_vectors(rows, 16, rounds);
    const at::Tensor squares = (rows.unsqueeze(1) - clusters.centroids.unsqueeze(0)).square().sum(2);
    const at::Tensor taken = squares.gather(1, clusters.codes.to(at::kLong).unsqueeze(1)).squeeze(1);
    EXPECT_LT(distance(taken, std::get<0>(squares.min(1))), 1e-4);
    const double error = taken.sum().item<double>();
    EXPECT_LT(error, last);
    last = error;
  }
}

TEST(ClusterVectors, AsManyCentroidsAsRowsAreTheRows) {
  const at::Tensor rows = random({7, 3}, 3);
  const VectorClusters clusters = cluster_vectors(rows, 16);
  EXPECT_EQ(clusters.centroids.size(0), 7);
  EXPECT_LT(distance(clusters.centroids.index_select(0, clusters.codes.to(at::kLong)), rows), 1e-6);
}

TEST(Pq, CodesAreOfRunsAlongTheInputs) {
  const at::Tensor w = random({16, 6, 3, 3}, 4);
  const auto q = pq(4, "9", w);
  const learn::QuantizedWeight integers = q->integers(w);
  EXPECT_EQ(integers.codebook.sizes().vec(), (std::vector<std::int64_t>{16, 9}));
  EXPECT_EQ(integers.codes.numel(), 16 * 6);
  const at::Tensor first = integers.codebook[integers.codes[1].item<std::int64_t>()];
  EXPECT_EQ(distance(q->quantize(w).detach()[0][1].flatten(), first), 0);
  EXPECT_EQ(pq(4, "4", w)->integers(w).codebook.size(1), 3) << "the largest divisor of 54 up to 4";
}

TEST(Pq, AVectorsGradientIsTheSumOfItsMembers) {
  const at::Tensor w = random({8, 12}, 5), g = random({8, 12}, 6);
  const auto q = pq(2, "3", w);
  (q->quantize(w) * g).sum().backward();
  const at::Tensor codebook = q->tensors().at("codebook"), codes = q->integers(w).codes, runs = g.view({-1, 3});
  for (int c = 0; c < 4; ++c)
    EXPECT_LT(distance(codebook.grad()[c], (runs * codes.eq(c).unsqueeze(1)).sum(0)), 1e-5);
}

TEST(Pq, PrunedWeightsAreRefusedThenAndLater) {
  const at::Tensor w = random({4, 8}, 7);
  learn::Parameter parameter;
  parameter.latent = leaf(w);
  parameter.quantizer = pq(2, "2", w);
  parameter.mask = at::ones({4, 8});
  EXPECT_EQ(distance(parameter.stored(), parameter.effective().detach()), 0);
  parameter.mask[1][2] = 0;
  EXPECT_THROW(parameter.integers(), Error);
  EXPECT_THROW(pq(2, "2", w * parameter.mask), Error);
}

TEST(Pq, LengthsMustBeWholeAndPositive) {
  const at::Tensor w = random({4, 8}, 8);
  for (const char* d : {"0", "-1", "x", ""}) EXPECT_THROW(pq(2, d, w), Error) << d;
}

}  // namespace
}  // namespace tern::compress
