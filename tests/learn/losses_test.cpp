#include "learn/losses.hpp"

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::learn {
namespace {

TEST(Losses, HandWorkedCases) {
  const at::Tensor scores = at::tensor({0.0F, 0.0F, 0.0F, std::log(3.0F)}).view({2, 2});
  const at::Tensor targets = one_hot(at::tensor({0, 0}, at::kLong), 2, 0.0);
  // -log(1/2) and -log(1/4), averaged
  EXPECT_NEAR(find_loss("ce").loss(scores, targets).item<double>(), (std::log(2.0) + std::log(4.0)) / 2, 1e-6);
  // ((0-1)^2 + 0 + (0-1)^2 + log(3)^2) / 4
  EXPECT_NEAR(find_loss("mse").loss(scores, targets).item<double>(), (2 + std::log(3.0) * std::log(3.0)) / 4, 1e-6);
  EXPECT_THROW(find_loss("mes"), Error);
}

TEST(Losses, DistillationByHand) {
  const at::Tensor teacher = at::tensor({0.0F, std::log(3.0F)}).view({1, 2});  // 1/4, 3/4
  const at::Tensor student = at::zeros({1, 2}).set_requires_grad(true);        // 1/2, 1/2
  const at::Tensor loss = distillation_loss(student, teacher, 1.0);
  EXPECT_NEAR(loss.item<double>(), 0.25 * std::log(0.5) + 0.75 * std::log(1.5), 1e-6);
  EXPECT_NEAR(distillation_loss(teacher, teacher, 2.0).item<double>(), 0, 1e-6);
  loss.backward();
  EXPECT_NEAR(student.grad()[0][0].item<double>(), 0.25, 1e-6);  // softmax(student) - softmax(teacher)
}

TEST(Losses, SmoothedTargetsSumToOne) {
  const at::Tensor targets = one_hot(at::tensor({2}, at::kLong), 4, 0.2);
  EXPECT_NEAR(targets[0][2].item<double>(), 0.85, 1e-6);
  EXPECT_NEAR(targets[0][0].item<double>(), 0.05, 1e-6);
}

TEST(Metrics, NotANumberIsWrong) {
  const at::Tensor scores = at::tensor({1.0F, 2.0F, NAN, 0.0F}).view({2, 2});
  EXPECT_EQ(count_correct(scores, at::tensor({1, 0}, at::kLong)), 1);
}

}  // namespace
}  // namespace tern::learn
