#include "train/graph/metrics.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

double score(const char* name, const at::Tensor& scores, const at::Tensor& targets) {
  return find_metric(name).metric(scores, targets);
}

TEST(Metrics, AccuracyByHand) {
  const at::Tensor scores =
      at::tensor({1.0F, 2.0F, 5.0F, 0.0F, 1.0F, 3.0F, std::nanf(""), 1.0F}).view({4, 2});
  const at::Tensor targets = at::tensor({0.0F, 1.0F, 1.0F, 0.0F, 1.0F, 0.0F, 0.0F, 1.0F}).view({4, 2});
  EXPECT_DOUBLE_EQ(score("accuracy", scores, targets), 0.5);  // the row with NaN is wrong
  EXPECT_TRUE(std::isnan(score("accuracy", scores.slice(0, 0, 0), targets.slice(0, 0, 0))));
}

TEST(Metrics, MicroF1PoolsOverSamplesAndClasses) {
  const at::Tensor targets = at::tensor({1.0F, 1.0F, 0.0F, 0.0F, 1.0F, 0.0F}).view({2, 3});
  const at::Tensor scores = at::tensor({1.0F, -1.0F, 2.0F, -1.0F, 3.0F, -2.0F}).view({2, 3});
  // TP 2, FP 1, FN 1.
  EXPECT_DOUBLE_EQ(score("micro-f1", scores, targets), 2.0 * 2 / (2.0 * 2 + 1 + 1));
  // Samples of one class each: the largest score decides, and F1 is the accuracy.
  const at::Tensor single = at::tensor({1.0F, 0.0F, 0.0F, 0.0F, 1.0F, 0.0F}).view({2, 3});
  EXPECT_DOUBLE_EQ(score("micro-f1", scores, single), 0.5);
}

TEST(Metrics, RocAucIsTheShareOfPairsInOrder) {
  at::manual_seed(4);
  for (int round = 0; round < 20; ++round) {
    const at::Tensor margin = at::randint(0, 8, {40}).to(at::kFloat);  // with many ties
    const at::Tensor labels = at::randint(0, 2, {40}, at::kLong);
    const at::Tensor scores = at::stack({at::zeros({40}), margin}, 1);
    double above = 0, pairs = 0;
    for (int i = 0; i < 40; ++i)
      for (int j = 0; j < 40; ++j) {
        if (labels[i].item<int>() != 1 || labels[j].item<int>() != 0) continue;
        const float a = margin[i].item<float>(), b = margin[j].item<float>();
        above += a > b ? 1 : a == b ? 0.5 : 0;
        pairs += 1;
      }
    EXPECT_NEAR(score("roc-auc", scores, learn::one_hot(labels, 2, 0)), above / pairs, 1e-12);
  }
  const at::Tensor scores = at::rand({5, 2}), ones = learn::one_hot(at::ones({5}, at::kLong), 2, 0);
  EXPECT_TRUE(std::isnan(score("roc-auc", scores, ones)));
  EXPECT_THROW(score("roc-auc", at::rand({5, 3}), ones), Error);
}

TEST(Metrics, SuitTheLabels) {
  graph::GraphData data;
  data.num_classes = 3;
  EXPECT_EQ(metric_of(data, ""), "accuracy");
  EXPECT_THROW(metric_of(data, "roc-auc"), Error);
  EXPECT_THROW(metric_of(data, "acuracy"), Error);
  data.multi_labels = {1, 0, 1};
  EXPECT_EQ(metric_of(data, ""), "micro-f1");
  EXPECT_THROW(metric_of(data, "accuracy"), Error);
}

}  // namespace
}  // namespace tern::train
