#include "train/layerwise/controller_training.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "base/seed.hpp"
#include "learn/testing.hpp"

namespace tern::train {
namespace {

const LayerSchedule schedule{2, 50, 10, 0};

/// Two layers whose loss falls until `best` epochs and rises behind; what the first one misses the second
/// keeps.
class Toy {
 public:
  explicit Toy(std::vector<int> best) : best_(std::move(best)) {}
  double loss(std::size_t layer, int epoch, double before) const {
    const double off = (epoch - best_[layer]) / 50.0;
    return 0.2 + before + off * off;
  }
  template <typename Decide>
  RunHistory play(const Decide& decide) const {
    RunHistory history;
    history.open = true;
    double before = 0;
    for (std::size_t layer = 0; layer < best_.size(); ++layer) {
      history.losses.emplace_back();
      for (int epoch = 1; epoch <= schedule.epochs_per_layer; ++epoch) {
        history.losses.back().push_back(loss(layer, epoch, before));
        if (schedule.decides_at(epoch) && decide(history)) break;
      }
      before = history.losses.back().back() - 0.2;
    }
    history.open = false;
    return history;
  }

 private:
  std::vector<int> best_;
};

std::vector<int> epochs_of(const RunHistory& history) {
  std::vector<int> out;
  for (const auto& layer : history.losses) out.push_back(static_cast<int>(layer.size()));
  return out;
}

/// Every run that decisions can lead to.
std::vector<RunHistory> all_runs(const Toy& toy) {
  std::vector<RunHistory> out;
  for (int first = 10; first <= 50; first += 10)
    for (int second = 10; second <= 50; second += 10)
      out.push_back(toy.play([&](const RunHistory& h) {
        return static_cast<int>(h.losses.back().size()) == (h.losses.size() == 1 ? first : second);
      }));
  return out;
}

TEST(ControllerTraining, ProbabilitiesOfAllRunsAreOne) {
  const Controller controller(schedule, true, 2);
  double sum = 0;
  for (const RunHistory& run : all_runs(Toy({30, 20})))
    sum += std::exp(controller.log_probability(trajectory_of(run, schedule)).item<double>());
  EXPECT_NEAR(sum, 1, 1e-5);
}

/// sum over runs of P(run) cost(run), exact.
double expected_cost(const Controller& controller, const std::vector<RunHistory>& runs) {
  double sum = 0;
  for (const RunHistory& run : runs)
    sum +=
        std::exp(controller.log_probability(trajectory_of(run, schedule)).item<double>()) * run.last_loss();
  return sum;
}

TEST(ControllerTraining, PolicyGradientIsThatOfTheExpectedCost) {
  Controller controller(schedule, true, 2);
  const std::vector<RunHistory> runs = all_runs(Toy({30, 20}));
  at::Tensor& bias = controller.tensors().at("head.bias");
  at::Tensor mean = at::zeros_like(bias.detach());
  const double baseline = 0.37;  // any: it does not change the mean
  for (const RunHistory& run : runs) {
    const at::Tensor log_p = controller.log_probability(trajectory_of(run, schedule));
    mean += std::exp(log_p.item<double>()) * (run.last_loss() - baseline) *
            torch::autograd::grad({log_p}, {bias})[0];
  }
  const c10::NoGradGuard no_grad;
  for (std::int64_t place = 0; place < 8; ++place) {
    at::Tensor entry = bias[place][1];
    const double eps = 2e-2;
    entry.add_(eps);
    const double up = expected_cost(controller, runs);
    entry.sub_(2 * eps);
    const double down = expected_cost(controller, runs);
    entry.add_(eps);
    EXPECT_NEAR(mean[place][1].item<double>(), (up - down) / (2 * eps), 2e-4) << place;
  }
}

TEST(ControllerTraining, LearnsWhenToStop) {
  for (const bool step_heads : {true, false}) {
    for (const auto& best : {std::vector<int>{30, 20}, std::vector<int>{10, 40}}) {
      const Toy toy(best);
      const auto controller = std::make_shared<Controller>(schedule, step_heads, 1);
      ControllerOptions options;
      options.rounds = 300;
      options.epoch_cost = 0;
      options.step_heads = step_heads;
      const ControllerTraining training =
          train_controller(controller, options, 1, [&](const StoppingRule& rule, int) {
            return toy.play([&](const RunHistory& h) { return rule.stop(h); });
          });
      EXPECT_EQ(training.costs.size(), 300U);
      const auto rule = deploy(controller, options, training.mean_stop_probability, 1);
      const RunHistory run = toy.play([&](const RunHistory& h) { return rule->stop(h); });
      EXPECT_LT(run.last_loss(), 0.2 + 0.05)
          << epochs_of(run)[0] << " " << epochs_of(run)[1];  // at most 10 epochs off
    }
  }
}

TEST(ControllerTraining, EpochsCostWhatTheyAreSaid) {
  // Losses fall all the time; only the price of epochs speaks for stopping.
  const Toy toy({50, 50});
  for (const double price : {0.0, 0.5}) {
    const auto controller = std::make_shared<Controller>(schedule, true, 1);
    ControllerOptions options;
    options.rounds = 300;
    options.epoch_cost = price;
    train_controller(controller, options, 1, [&](const StoppingRule& rule, int) {
      return toy.play([&](const RunHistory& h) { return rule.stop(h); });
    });
    const auto rule = deploy(controller, options, 0, 1);
    const RunHistory run = toy.play([&](const RunHistory& h) { return rule->stop(h); });
    if (price == 0)
      EXPECT_GE(run.epochs(), 90);  // the last decisions change the loss by little
    else
      EXPECT_EQ(run.epochs(), 20);
  }
}

TEST(ControllerTraining, LearnsFromDecisionsThatWereCarriedOut) {
  // Somebody else decides, at random. A log-probability of what the policy would have done tells nothing of
  // the costs; that of what was done does.
  for (const int best : {10, 50}) {
    const Toy toy({best, best});
    const auto controller = std::make_shared<Controller>(schedule, true, 1);
    ControllerOptions options;
    options.rounds = 300;
    options.epoch_cost = 0;
    Rng rng(3);
    train_controller(controller, options, 1, [&](const StoppingRule&, int) {
      return toy.play([&](const RunHistory&) { return rng.uniform() < 0.4; });
    });
    const auto rule = deploy(controller, options, 0, 1);
    const RunHistory run = toy.play([&](const RunHistory& h) { return rule->stop(h); });
    EXPECT_EQ(epochs_of(run), (std::vector<int>{best, best}));
    RunHistory first{{std::vector<double>(run.losses[0].begin(), run.losses[0].begin() + 10)}, true};
    const double p = controller->stop_probabilities(trajectory_of(first, schedule)).back();
    EXPECT_GT(best == 10 ? p : 1 - p, 0.9);
  }
}

TEST(ControllerTraining, EntropyKeepsThePolicyOpen) {
  const Toy toy({30, 20});
  std::vector<double> entropies;
  for (const double weight : {0.0, 1.0}) {
    const auto controller = std::make_shared<Controller>(schedule, true, 1);
    ControllerOptions options;
    options.epoch_cost = 0;
    options.entropy = weight;
    RunHistory last;
    train_controller(controller, options, 1, [&](const StoppingRule& rule, int) {
      return last = toy.play([&](const RunHistory& h) { return rule.stop(h); });
    });
    const Trajectory trajectory = trajectory_of(last, schedule);
    entropies.push_back(controller->entropy(trajectory).item<double>() /
                        static_cast<double>(trajectory.steps.size()));
  }
  EXPECT_LT(entropies[0], 0.2);
  EXPECT_GT(entropies[1], 0.4);  // ln 2 = 0.69 at most
}

TEST(ControllerTraining, SameSeedSameController) {
  const Toy toy({30, 20});
  ControllerOptions options;
  options.rounds = 20;
  std::vector<ControllerTraining> trainings;
  for (const std::uint64_t seed : {1, 1, 2}) {
    const auto controller = std::make_shared<Controller>(schedule, true, 1);
    trainings.push_back(train_controller(controller, options, seed, [&](const StoppingRule& rule, int) {
      return toy.play([&](const RunHistory& h) { return rule.stop(h); });
    }));
  }
  EXPECT_EQ(trainings[0].costs, trainings[1].costs);
  EXPECT_NE(trainings[0].costs, trainings[2].costs);
}

TEST(ControllerTraining, StopsWhenAskedAndRefusesBadOptions) {
  const auto controller = std::make_shared<Controller>(schedule, true, 1);
  const Episode episode = [](const StoppingRule&, int) { return RunHistory{{{1.0}}, false}; };
  request_stop();
  EXPECT_THROW(train_controller(controller, {}, 1, episode), Error);
  request_stop(false);
  ControllerOptions options;
  options.rounds = 0;
  EXPECT_THROW(check(options), Error);
  options = {};
  options.deployment = "gready";
  EXPECT_THROW(check(options), Error);
  options = {};
  options.entropy = -1;
  EXPECT_THROW(check(options), Error);
  options = {};
  options.baseline_decay = 1;
  EXPECT_THROW(check(options), Error);
}

}  // namespace
}  // namespace tern::train
