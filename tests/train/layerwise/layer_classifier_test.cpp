#include "train/layerwise/layer_classifier.hpp"

#include <cmath>

#include "learn/testing.hpp"
#include "train/layerwise/dense_product.hpp"

namespace tern::train {
namespace {

at::Tensor classes() {
  return at::tensor(std::vector<std::int64_t>{2, 0, 1, 2, 2}, at::kLong);
}
at::Tensor flags() {
  return (learn::random({5, 3}, 9) > 0).to(at::kFloat);
}

TEST(LayerClassifier, LossesAgreeWithTheirFormulas) {
  const at::Tensor scores = learn::random({5, 3}, 1);
  at::Tensor copy = scores.clone();
  const at::Tensor p = at::softmax(scores, 1);
  double expected = 0;
  for (std::int64_t i = 0; i < 5; ++i)
    expected -= std::log(p[i][classes()[i].item<std::int64_t>()].item<double>()) / 5;
  EXPECT_NEAR(loss_and_gradient(copy, classes()), expected, 1e-6);
  const at::Tensor q = at::sigmoid(scores), y = flags();
  copy = scores.clone();
  EXPECT_NEAR(loss_and_gradient(copy, y), -(y * q.log() + (1 - y) * (1 - q).log()).mean().item<double>(),
              1e-6);
}

TEST(LayerClassifier, GradientsAgainstDifferences) {
  for (const at::Tensor& targets : {classes(), flags()}) {
    const at::Tensor scores = learn::random({5, 3}, 1), direction = learn::random({5, 3}, 2);
    at::Tensor gradient = scores.clone();
    loss_and_gradient(gradient, targets);
    const double eps = 1e-2;
    at::Tensor up = scores + eps * direction, down = scores - eps * direction;
    const double difference = (loss_and_gradient(up, targets) - loss_and_gradient(down, targets)) / (2 * eps);
    EXPECT_NEAR((gradient * direction).sum().item<double>(), difference, 1e-4);
  }
}

/// Steps by autograd and Adam's formula.
TEST(LayerClassifier, StepsAreThoseOfAutogradAndAdam) {
  for (const at::Tensor& targets : {classes(), flags()}) {
    LayerClassifier classifier;
    classifier.weight = learn::random({7, 4}, 3);
    classifier.theta = learn::random({3, 4}, 4);
    std::vector<at::Tensor> parameters{learn::leaf(classifier.weight), learn::leaf(classifier.theta)}, first,
        second;
    for (const auto& p : parameters) {
      first.push_back(at::zeros_like(p.detach()));
      second.push_back(at::zeros_like(p.detach()));
    }
    for (int step = 1; step <= 3; ++step) {
      RowBatch batch;
      batch.dense = learn::random({5, 7}, static_cast<std::uint64_t>(10 + step));
      const at::Tensor scores = at::mm(at::mm(batch.dense, parameters[0]).relu(), parameters[1].t());
      const at::Tensor loss = targets.scalar_type() == at::kLong
                                  ? at::cross_entropy_loss(scores, targets)
                                  : at::binary_cross_entropy_with_logits(scores, targets);
      EXPECT_NEAR(classifier.step(batch, targets, 0.1), loss.item<double>(), 1e-5);
      const auto gradients = torch::autograd::grad({loss}, parameters);
      const c10::NoGradGuard no_grad;
      for (std::size_t i = 0; i < 2; ++i) {
        first[i] = 0.9 * first[i] + 0.1 * gradients[i];
        second[i] = 0.999 * second[i] + 0.001 * gradients[i] * gradients[i];
        parameters[i].sub_(0.1 * (first[i] / (1 - std::pow(0.9, step))) /
                           ((second[i] / (1 - std::pow(0.999, step))).sqrt() + 1e-8));
      }
      EXPECT_LT(learn::distance(classifier.weight, parameters[0].detach()), 2e-4);
      EXPECT_LT(learn::distance(classifier.theta, parameters[1].detach()), 2e-4);
    }
  }
}

TEST(LayerClassifier, GradientsOfPartsSumToThatOfTheBatch) {
  LayerClassifier classifier;
  classifier.weight = learn::random({7, 4}, 3);
  classifier.theta = learn::random({3, 4}, 4);
  const at::Tensor x = learn::random({5, 7}, 10);
  for (const at::Tensor& targets : {classes(), flags()}) {
    RowBatch whole;
    whole.dense = x;
    const LayerGradients expected = classifier.gradients(whole, targets, 5);
    LayerGradients sum;
    Tally tally;
    for (const auto& [first, last] : {std::pair{0, 2}, {2, 2}, {2, 5}}) {
      RowBatch part;
      part.dense = x.slice(0, first, last);
      const LayerGradients some = classifier.gradients(part, targets.slice(0, first, last), 5);
      sum.loss += some.loss;
      sum.weight = sum.weight.defined() ? sum.weight + some.weight : some.weight;
      sum.theta = sum.theta.defined() ? sum.theta + some.theta : some.theta;
      tally += classifier.tally(part, targets.slice(0, first, last));
    }
    EXPECT_NEAR(sum.loss, expected.loss, 1e-6);
    EXPECT_LT(learn::distance(sum.weight, expected.weight), 1e-6);
    EXPECT_LT(learn::distance(sum.theta, expected.theta), 1e-6);
    EXPECT_NEAR(tally.mean_loss(), expected.loss, 1e-6);
    const at::Tensor scores = at::mm(at::mm(x, classifier.weight).relu(), classifier.theta.t());
    if (targets.scalar_type() == at::kLong) {
      EXPECT_DOUBLE_EQ(tally.score(false), scores.argmax(1).eq(targets).sum().item<double>() / 5);
    } else {
      const at::Tensor said = scores.gt(0).to(at::kFloat);
      EXPECT_NEAR(tally.score(true),
                  2 * (said * targets).sum().item<double>() / (said.sum() + targets.sum()).item<double>(),
                  1e-12);
    }
  }
  EXPECT_TRUE(std::isnan(Tally{}.score(false)));
}

TEST(LayerClassifier, SparseRowsMultiplyAsDenseOnes) {
  const at::Tensor x = learn::random({30, 50}, 1).relu_().sub_(0.8).relu_();  // about a fifth is left
  const auto values = std::vector<float>(x.data_ptr<float>(), x.data_ptr<float>() + x.numel());
  const LayerInput dense(RowMatrix::view(x.data_ptr<float>(), 30, 50)),
      sparse(graph::to_sparse(30, 50, values));
  const at::Tensor ids = at::tensor(std::vector<std::int64_t>{7, 29, 0, 7, 12}, at::kLong);
  RowBatch a = dense.gather(ids), b = sparse.gather(ids);
  ASSERT_FALSE(b.dense.defined());
  const at::Tensor weight = learn::random({50, 6}, 2), gradient = learn::random({5, 6}, 3);
  EXPECT_LT(learn::distance(multiply(a, weight), multiply(b, weight)), 1e-5);
  EXPECT_LT(learn::distance(multiply_transposed(a, gradient), multiply_transposed(b, gradient)), 1e-5);
  EXPECT_LT(learn::distance(transform(dense, weight, true, {}, "a").values(),
                            transform(sparse, weight, true, {}, "b").values()),
            1e-5);
  const LayerInput chosen = sparse.select(ids, {});
  EXPECT_EQ(graph::to_dense(chosen.sparse()), graph::to_dense(b.sparse));
  EXPECT_TRUE(at::equal(dense.select(ids, {}).dense().values(), a.dense));
}

TEST(LayerClassifier, DenseProductIsTorchs) {
  for (const std::int64_t m : {0, 1, 15, 16, 17, 100})
    for (const std::int64_t n : {1, 7, 16, 130}) {
      const at::Tensor a = learn::random({m, 33}, 1), b = learn::random({33, n}, 2);
      const at::Tensor got = dense_product(a, b);
      ASSERT_EQ(got.sizes(), (at::IntArrayRef{m, n}));
      if (m > 0) {
        EXPECT_LT(learn::distance(got, at::mm(a, b)), 1e-4);
      }
      const at::Tensor back = learn::random({m, n}, 3);
      if (m > 0) {
        EXPECT_LT(learn::distance(dense_product(a.t(), back), at::mm(a.t(), back)), 1e-4);
      }
    }
}

TEST(LayerClassifier, GlorotIsBoundedAndSeeded) {
  const at::Tensor a = glorot(40, 60, 1);
  EXPECT_TRUE(at::equal(a, glorot(40, 60, 1)));
  EXPECT_FALSE(at::equal(a, glorot(40, 60, 2)));
  EXPECT_LE(a.abs().max().item<double>(), std::sqrt(0.06));
  EXPECT_NEAR(a.var().item<double>(), 0.02, 0.002);  // 2 / (40 + 60)
}

}  // namespace
}  // namespace tern::train
