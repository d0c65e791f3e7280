// What a dense network of equal bytes reaches.
#include <cmath>

#include <gtest/gtest.h>

#include "report/pareto.hpp"

namespace tern::report {
namespace {

Group sized(const char* combination, double bytes, double test_accuracy) {
  Group group;
  group.combination = combination;
  group.file_bytes = {1, bytes, not_measured};
  group.test_accuracy = {1, test_accuracy, not_measured};
  return group;
}

TEST(DenseTest, InterpolatesInTheLogarithmOfBytes) {
  const std::vector<Group> groups{sized("baseline", 16000, 0.90), sized("dense-half", 4000, 0.86),
                                  sized("joint", 2000, 0.1), sized("dense-quarter", 1000, 0.70)};
  const auto at = [&](double bytes) { return dense_of_equal_bytes(groups, sized("prune", bytes, 0.95)); };
  EXPECT_NEAR(at(8000), 0.88, 1e-12) << "halfway from 4000 to 16000, where linear bytes would give 0.8733";
  EXPECT_NEAR(at(2000), 0.78, 1e-12) << "joint is no dense network";
  EXPECT_NEAR(at(4000), 0.86, 1e-12);
  EXPECT_NEAR(at(1000 * std::pow(4, 0.25)), 0.74, 1e-12);
  EXPECT_EQ(at(16000), 0.90);
  EXPECT_EQ(at(1000), 0.70);
}

TEST(DenseTest, NothingOutsideTheMeasuredRange) {
  std::vector<Group> groups{sized("baseline", 16000, 0.90), sized("dense", 1000, 0.70)};
  const auto at = [&](double bytes) { return dense_of_equal_bytes(groups, sized("prune", bytes, 0.95)); };
  EXPECT_TRUE(std::isnan(at(999)));
  EXPECT_TRUE(std::isnan(at(16001)));
  EXPECT_TRUE(std::isnan(at(not_measured)));
  groups[1].test_accuracy = {};
  EXPECT_TRUE(std::isnan(at(2000))) << "one network spans no range";
  EXPECT_TRUE(std::isnan(at(16000)));
  groups[0].file_bytes = {};
  EXPECT_TRUE(std::isnan(at(16000)));
}

TEST(DenseTest, EqualBytesCountAsTheirMean) {
  const std::vector<Group> groups{sized("dense-a", 1000, 0.70), sized("dense-b", 1000, 0.80),
                                  sized("baseline", 4000, 0.95)};
  EXPECT_NEAR(dense_of_equal_bytes(groups, sized("joint", 1000, 0)), 0.75, 1e-12);
  EXPECT_NEAR(dense_of_equal_bytes(groups, sized("joint", 2000, 0)), 0.85, 1e-12);
}

}  // namespace
}  // namespace tern::report
