#include "graph/clustering_metrics.hpp"

#include <cmath>

#include "graph/random_graphs.hpp"

namespace tern::graph {
namespace {

using namespace testing;
using Ids = std::vector<std::int32_t>;

TEST(ClusterAgreement, IgnoresNamesOfClusters) {
  const ClusterAgreement same = cluster_agreement(Ids{0, 0, 1, 1, 2}, Ids{7, 7, 3, 3, 0});
  EXPECT_NEAR(same.nmi, 1, 1e-12);
  EXPECT_NEAR(same.homogeneity, 1, 1e-12);
  EXPECT_NEAR(same.completeness, 1, 1e-12);
}

TEST(ClusterAgreement, OfFinerClustersByHand) {
  // Classes of 2 and 2; each node a cluster of its own: H(C|K) = 0, H(K|C) = ln 2, H(K) = ln 4.
  const ClusterAgreement fine = cluster_agreement(Ids{0, 0, 1, 1}, Ids{0, 1, 2, 3});
  EXPECT_NEAR(fine.homogeneity, 1, 1e-12);
  EXPECT_NEAR(fine.completeness, 0.5, 1e-12);
  EXPECT_NEAR(fine.nmi, 2.0 / 3, 1e-12);
  // The documentation of a widely used library prints 0.8 for classes 0 0 1 1 in clusters 0 0 1 2.
  EXPECT_NEAR(cluster_agreement(Ids{0, 0, 1, 1}, Ids{0, 0, 1, 2}).nmi, 0.8, 1e-12);
}

TEST(ClusterAgreement, OfMixedClustersEqualsMutualInformation) {
  const Ids classes{0, 0, 0, 1, 1, 2}, clusters{0, 0, 1, 1, 1, 1};
  const double hc = -(0.5 * std::log(0.5) + std::log(1.0 / 3) / 3 + std::log(1.0 / 6) / 6);
  const double hk = -(std::log(1.0 / 3) / 3 + 2 * std::log(2.0 / 3) / 3);
  const double joint = -(std::log(1.0 / 3) / 3 + std::log(1.0 / 6) / 6 * 2 + std::log(1.0 / 3) / 3);
  EXPECT_NEAR(cluster_agreement(classes, clusters).nmi, 2 * (hc + hk - joint) / (hc + hk), 1e-12);
}

TEST(ClusterAgreement, OfCollapsesAndUnknownLabels) {
  EXPECT_EQ(cluster_agreement(Ids{0, 1, 0, 1}, Ids{5, 5, 5, 5}).nmi, 0);
  EXPECT_EQ(cluster_agreement(Ids{1, 1}, Ids{0, 0}).nmi, 1);
  EXPECT_NEAR(cluster_agreement(Ids{0, -1, 1}, Ids{0, 0, 1}).nmi, 1, 1e-12);
  EXPECT_EQ(cluster_agreement(Ids{-1}, Ids{0}).nmi, 0);
  EXPECT_EQ(error_of([] { cluster_agreement(Ids{0}, Ids{0, 1}); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([] { cluster_agreement(Ids{0}, Ids{-1}); }).kind(), ErrorKind::usage);
}

/// Two triangles joined by an edge: 7 edges.
Graph barbell() {
  return build_graph({6, {0, 1, 2, 3, 4, 5, 2}, {1, 2, 0, 4, 5, 3, 3}, {}});
}

TEST(Modularity, OfTwoTriangles) {
  EXPECT_NEAR(modularity(barbell(), Ids{0, 0, 0, 1, 1, 1}), 2 * (6.0 / 14 - 0.25), 1e-12);
  EXPECT_NEAR(modularity(barbell(), Ids{0, 0, 0, 0, 0, 0}), 0, 1e-12);
  EXPECT_EQ(modularity(build_graph({3, {}, {}, {}}), Ids{0, 1, 2}), 0);
}

TEST(Conductance, OfTwoTriangles) {
  EXPECT_NEAR(conductance(barbell(), Ids{0, 0, 0, 1, 1, 1}), 1.0 / 7, 1e-12);
  // A single node of degree 2 against the rest: cut 2 over 2; the rest has the same smaller side.
  EXPECT_NEAR(conductance(barbell(), Ids{1, 0, 0, 0, 0, 0}), 1, 1e-12);
  EXPECT_EQ(conductance(barbell(), Ids{0, 0, 0, 0, 0, 0}), 0);
  EXPECT_EQ(error_of([] { conductance(barbell(), Ids{0, 1}); }).kind(), ErrorKind::usage);
}

}  // namespace
}  // namespace tern::graph
