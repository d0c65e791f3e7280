#include "train/layerwise/controller_training.hpp"

#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "base/seed.hpp"
#include "learn/torch.hpp"
#include "train/layerwise/adam.hpp"

namespace tern::train {
namespace {

/// Descends advantage * log_probability - entropy_weight * entropy.
void update(Controller& controller, std::map<std::string, Adam>& moments, const Trajectory& trajectory,
            double advantage, double entropy_weight, double learning_rate) {
  if (trajectory.steps.empty()) return;
  torch::autograd::variable_list tensors;
  for (auto& [name, tensor] : controller.tensors()) tensors.push_back(tensor);
  at::Tensor loss = controller.log_probability(trajectory) * advantage;
  if (entropy_weight > 0) loss = loss - controller.entropy(trajectory) * entropy_weight;
  // Only the heads of places that were visited take part.
  const auto gradients = torch::autograd::grad({loss}, tensors, {}, {}, false, true);
  const c10::NoGradGuard no_grad;
  std::size_t i = 0;
  for (auto& [name, tensor] : controller.tensors()) {
    const at::Tensor& gradient = gradients[i++];
    moments[name].step(tensor, gradient.defined() ? gradient : at::zeros_like(tensor), learning_rate);
  }
}

double mean(const std::vector<double>& values) {
  return values.empty()
             ? 0
             : std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

}  // namespace

void check(const ControllerOptions& options) {
  const auto require = [](bool good, const char* name, auto value, const char* range) {
    if (!good) fail(ErrorKind::usage, "controller", "{} = {} is not {}", name, value, range);
  };
  require(options.rounds >= 1, "rounds", options.rounds, "positive");
  require(options.sample_nodes >= 1, "sample_nodes", options.sample_nodes, "positive");
  require(options.batch_rows >= 0, "batch_rows", options.batch_rows, "0 or more");
  require(options.epoch_cost >= 0, "epoch_cost", options.epoch_cost, "0 or more");
  require(options.learning_rate > 0, "learning_rate", options.learning_rate, "positive");
  require(options.entropy >= 0, "entropy", options.entropy, "0 or more");
  require(options.baseline_decay >= 0 && options.baseline_decay < 1, "baseline_decay", options.baseline_decay,
          "in 0 .. 1");
  const std::array<std::string, 3> known{"greedy", "sample", "mean"};
  for (const std::string& name : known)
    if (options.deployment == name) return;
  fail_unknown("deployment", options.deployment, known);
}

ControllerTraining train_controller(const std::shared_ptr<Controller>& controller,
                                    const ControllerOptions& options, std::uint64_t seed,
                                    const Episode& episode, const ProgressCallback& progress) {
  check(options);
  const auto begin = std::chrono::steady_clock::now();
  ControllerTraining out;
  std::map<std::string, Adam> moments;
  Trajectory trajectory;
  double baseline = 0, variance = 0;
  const double decay = options.baseline_decay;
  for (int round = 0; round < options.rounds; ++round) {
    if (stop_requested())
      fail(ErrorKind::interrupted, "controller", "stopped in round {} of {}", round + 1, options.rounds);
    const SampledStop rule(controller,
                           derive_seed(derive_seed(seed, "decisions"), static_cast<std::uint64_t>(round)));
    const RunHistory history = episode(rule, round);
    trajectory = trajectory_of(history, controller->schedule());
    const double cost = history.last_loss() + options.epoch_cost * history.epochs();
    if (round == 0) baseline = cost;
    out.mean_stop_probability = mean(controller->stop_probabilities(trajectory));
    const double advantage = cost - baseline;
    variance = decay * variance + (1 - decay) * advantage * advantage;
    update(*controller, moments, trajectory, advantage, options.entropy * std::sqrt(variance),
           options.learning_rate);
    baseline = decay * baseline + (1 - decay) * cost;
    out.costs.push_back(cost);
    out.epochs.push_back(history.epochs());
    if (progress)
      progress({"controller",
                round + 1,
                options.rounds,
                "rounds",
                {{"cost", cost}, {"baseline", baseline}},
                round + 1 == options.rounds});
  }
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return out;
}

std::unique_ptr<StoppingRule> deploy(std::shared_ptr<const Controller> controller,
                                     const ControllerOptions& options, double mean_stop_probability,
                                     std::uint64_t seed) {
  check(options);
  if (options.deployment == "sample")
    return std::make_unique<SampledStop>(std::move(controller), derive_seed(seed, "deployed decisions"));
  return std::make_unique<ThresholdStop>(std::move(controller),
                                         options.deployment == "mean" ? mean_stop_probability : 0.5);
}

}  // namespace tern::train
