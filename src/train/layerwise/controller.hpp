// The learned stopping rule of L2-GCN: a small recurrent policy over {continue, stop}.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "train/layerwise/stopping.hpp"

namespace tern::train {

/// Decisions of a run in their order, as they were carried out. Where a layer ended because its epochs were
/// spent nobody decided anything, and no step stands for it.
struct Trajectory {
  struct Step {
    int layer = 0;           ///< from 0
    int place = 0;           ///< layer * decisions_per_layer + place in the layer
    double change = 0;       ///< loss of the last epoch - first loss of the run
    bool last_stop = false;  ///< what the step before did
    bool stop = false;       ///< what was done; of no meaning in the last step while the run waits for it
  };
  std::vector<Step> steps;
};

/// What a run's history says about the decisions that were carried out; nothing else is ever taken for one.
/// The last step of an open history is the one being asked for.
Trajectory trajectory_of(const RunHistory& history, const LayerSchedule& schedule);

/// pi(stop | steps so far) of You et al. (2020, "L2-GCN: Layer-Wise and Learned Efficient Training of Graph
/// Convolutional Networks", as their released code has it): per step
///   v in R^(layers+1), each entry loss - first loss + 1, entry layer + 1 set to 1
///   x = 0.1 v  ||  Embedding(2 T, 7 - layers)[2 place + last action]          in R^8
///   h, c = LSTMCell(8, 8)(x, (h, c));  softmax(Linear(8, 2)(h)) over {continue, stop}
/// with T = layers * decisions_per_layer places. `step_heads`: a Linear for each place (the paper), else one
/// for all. We differ: a place is fixed by layer and epoch, not by how many decisions came before.
class Controller {
 public:
  /// Draws the weights from `seed`. Errors: usage for more than 6 layers (x has 8 entries) or a schedule
  /// without any decision.
  Controller(const LayerSchedule& schedule, bool step_heads, std::uint64_t seed);

  /// P(stop) at each step.
  std::vector<double> stop_probabilities(const Trajectory& trajectory) const;
  /// Sum over the steps of log pi(what was done), a scalar with gradients in every tensor of the controller.
  at::Tensor log_probability(const Trajectory& trajectory) const;
  /// Sum over the steps of -sum over a of pi(a) log pi(a), in the same way.
  at::Tensor entropy(const Trajectory& trajectory) const;

  const LayerSchedule& schedule() const { return schedule_; }
  /// float32, by name: embedding [2 T, 7 - layers], lstm.{weight_ih, weight_hh} [32, 8], lstm.{bias_ih,
  /// bias_hh} [32], head.weight [heads, 2, 8], head.bias [heads, 2].
  std::map<std::string, at::Tensor>& tensors() { return tensors_; }
  const std::map<std::string, at::Tensor>& tensors() const { return tensors_; }

 private:
  /// Log-probabilities [2] of each step.
  std::vector<at::Tensor> log_policy(const Trajectory& trajectory) const;
  at::Tensor input_of(const Trajectory::Step& step) const;

  LayerSchedule schedule_;
  bool step_heads_;
  std::map<std::string, at::Tensor> tensors_;
};

/// Draws every decision from the policy; `seed` decides all draws.
class SampledStop : public StoppingRule {
 public:
  SampledStop(std::shared_ptr<const Controller> controller, std::uint64_t seed)
      : controller_(std::move(controller)), seed_(seed) {}
  bool stop(const RunHistory& history) const override;

 private:
  std::shared_ptr<const Controller> controller_;
  std::uint64_t seed_;
};

/// Stops where P(stop) >= threshold: 0.5 is the likelier of both decisions.
class ThresholdStop : public StoppingRule {
 public:
  ThresholdStop(std::shared_ptr<const Controller> controller, double threshold)
      : controller_(std::move(controller)), threshold_(threshold) {}
  bool stop(const RunHistory& history) const override;

 private:
  std::shared_ptr<const Controller> controller_;
  double threshold_;
};

}  // namespace tern::train
