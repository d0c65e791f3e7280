#include "train/layerwise/controller.hpp"

#include <cmath>

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::train {
namespace {

const LayerSchedule schedule{2, 40, 10, 0};

/// Layers of these epochs with losses 2, 1.9, 1.8, ..
RunHistory history_of(const std::vector<int>& epochs, bool open = false) {
  RunHistory out;
  double loss = 2;
  for (const int count : epochs) {
    out.losses.emplace_back();
    for (int e = 0; e < count; ++e, loss -= 0.1) out.losses.back().push_back(loss);
  }
  out.open = open;
  return out;
}

TEST(Controller, TrajectoryHoldsWhatWasDone) {
  const Trajectory stopped = trajectory_of(history_of({20, 10}), schedule);
  ASSERT_EQ(stopped.steps.size(), 3U);
  EXPECT_FALSE(stopped.steps[0].stop);
  EXPECT_TRUE(stopped.steps[1].stop);
  EXPECT_TRUE(stopped.steps[2].stop);
  EXPECT_EQ(stopped.steps[1].place, 1);
  EXPECT_EQ(stopped.steps[2].place, 3);
  EXPECT_EQ(stopped.steps[2].layer, 1);
  EXPECT_FALSE(stopped.steps[1].last_stop);
  EXPECT_TRUE(stopped.steps[2].last_stop);
  EXPECT_NEAR(stopped.steps[0].change, -0.9, 1e-12);  // epoch 10
  EXPECT_NEAR(stopped.steps[2].change, -2.9, 1e-12);  // epoch 20 + 10
}

TEST(Controller, EndOfALayerIsNobodysDecision) {
  const Trajectory spent = trajectory_of(history_of({40, 40}), schedule);
  ASSERT_EQ(spent.steps.size(), 6U);  // at 10, 20, 30 of each
  for (const auto& step : spent.steps) EXPECT_FALSE(step.stop);
  EXPECT_FALSE(spent.steps[3].last_stop);
}

TEST(Controller, EarlyEpochsAreNobodysDecision) {
  LayerSchedule late = schedule;
  late.min_epochs = 15;
  const Trajectory trajectory = trajectory_of(history_of({20, 30}), late);
  ASSERT_EQ(trajectory.steps.size(), 3U);  // 20 | 20, 30
  EXPECT_TRUE(trajectory.steps[0].stop);
  EXPECT_FALSE(trajectory.steps[1].stop);
  EXPECT_TRUE(trajectory.steps[2].stop);
}

TEST(Controller, OpenStepWaits) {
  const Trajectory trajectory = trajectory_of(history_of({20, 10}, true), schedule);
  ASSERT_EQ(trajectory.steps.size(), 3U);
  EXPECT_TRUE(trajectory.steps[1].stop);
  EXPECT_FALSE(trajectory.steps[2].stop);
}

/// The formula in the header, in double.
std::vector<double> by_hand(const Controller& controller, const Trajectory& trajectory) {
  const auto value = [&](const char* name, std::initializer_list<std::int64_t> at) {
    at::Tensor t = controller.tensors().at(name).detach();
    for (const std::int64_t i : at) t = t[i];
    return t.item<double>();
  };
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  std::vector<double> h(8, 0), c(8, 0), out;
  for (const auto& step : trajectory.steps) {
    std::vector<double> x(8);
    for (int i = 0; i < 3; ++i)
      x[static_cast<std::size_t>(i)] = 0.1 * (i == step.layer + 1 ? 1 : step.change + 1);
    for (int i = 0; i < 5; ++i)
      x[static_cast<std::size_t>(3 + i)] = value("embedding", {2 * step.place + (step.last_stop ? 1 : 0), i});
    std::vector<double> gates(32);
    for (int g = 0; g < 32; ++g) {
      double sum = value("lstm.bias_ih", {g}) + value("lstm.bias_hh", {g});
      for (int i = 0; i < 8; ++i)
        sum += value("lstm.weight_ih", {g, i}) * x[static_cast<std::size_t>(i)] +
               value("lstm.weight_hh", {g, i}) * h[static_cast<std::size_t>(i)];
      gates[static_cast<std::size_t>(g)] = sum;
    }
    for (std::size_t i = 0; i < 8; ++i) {
      c[i] = sigmoid(gates[8 + i]) * c[i] + sigmoid(gates[i]) * std::tanh(gates[16 + i]);
      h[i] = sigmoid(gates[24 + i]) * std::tanh(c[i]);
    }
    const std::int64_t head = controller.tensors().at("head.bias").size(0) == 1 ? 0 : step.place;
    double score[2];
    for (int a = 0; a < 2; ++a) {
      score[a] = value("head.bias", {head, a});
      for (int i = 0; i < 8; ++i)
        score[a] += value("head.weight", {head, a, i}) * h[static_cast<std::size_t>(i)];
    }
    out.push_back(sigmoid(score[1] - score[0]));
  }
  return out;
}

TEST(Controller, PolicyByHand) {
  for (const bool step_heads : {true, false}) {
    const Controller controller(schedule, step_heads, 3);
    const Trajectory trajectory = trajectory_of(history_of({20, 40}), schedule);
    const std::vector<double> expected = by_hand(controller, trajectory),
                              got = controller.stop_probabilities(trajectory);
    ASSERT_EQ(got.size(), expected.size());
    double sum = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      EXPECT_NEAR(got[i], expected[i], 1e-5);
      sum += std::log(trajectory.steps[i].stop ? expected[i] : 1 - expected[i]);
    }
    EXPECT_NEAR(controller.log_probability(trajectory).item<double>(), sum, 1e-5);
    EXPECT_EQ(controller.tensors().at("head.bias").size(0), step_heads ? 6 : 1);
    double entropy = 0;
    for (const double p : expected) entropy -= p * std::log(p) + (1 - p) * std::log(1 - p);
    EXPECT_NEAR(controller.entropy(trajectory).item<double>(), entropy, 1e-5);
  }
}

TEST(Controller, GradientsAgainstDifferences) {
  Controller controller(schedule, true, 4);
  const Trajectory trajectory = trajectory_of(history_of({20, 10}), schedule);
  for (auto& [name, tensor] : controller.tensors()) {
    const at::Tensor gradient =
        torch::autograd::grad({controller.log_probability(trajectory)}, {tensor}, {}, {}, false, true)[0];
    ASSERT_TRUE(gradient.defined()) << name;
    const c10::NoGradGuard no_grad;
    const at::Tensor direction = learn::random(tensor.sizes(), 7);
    const double eps = 1e-2;
    tensor.add_(direction, eps);
    const double up = controller.log_probability(trajectory).item<double>();
    tensor.add_(direction, -2 * eps);
    const double down = controller.log_probability(trajectory).item<double>();
    tensor.add_(direction, eps);
    EXPECT_NEAR((gradient * direction).sum().item<double>(), (up - down) / (2 * eps), 2e-3) << name;
  }
}

TEST(Controller, DrawsAreAFunctionOfTheSeed) {
  const auto controller = std::make_shared<Controller>(schedule, true, 1);
  int stops = 0;
  const int draws = 2000;
  const RunHistory open = history_of({10}, true);
  for (int seed = 0; seed < draws; ++seed) {
    const SampledStop rule(controller, static_cast<std::uint64_t>(seed));
    const bool stop = rule.stop(open);
    EXPECT_EQ(stop, rule.stop(open));
    stops += stop;
  }
  const double p = controller->stop_probabilities(trajectory_of(open, schedule)).back();
  EXPECT_NEAR(static_cast<double>(stops) / draws, p, 4 * std::sqrt(p * (1 - p) / draws));
  EXPECT_TRUE(ThresholdStop(controller, p).stop(open));
  EXPECT_FALSE(ThresholdStop(controller, p + 1e-6).stop(open));
}

TEST(Controller, RefusesWhatItCannotDecide) {
  EXPECT_THROW(Controller({7, 40, 10, 0}, true, 1), Error);
  EXPECT_THROW(Controller({2, 10, 10, 0}, true, 1), Error);
  EXPECT_THROW(Controller({2, 40, 10, 30}, true, 1), Error);
  EXPECT_NO_THROW(Controller({6, 40, 10, 29}, true, 1));
}

}  // namespace
}  // namespace tern::train
