// How the stopping rule of L2-GCN is learned: REINFORCE over whole runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "train/layerwise/controller.hpp"

namespace tern::train {

struct ControllerOptions {
  int rounds = 200;                  ///< >= 1; on-policy runs that are learned from
  std::int64_t sample_nodes = 1024;  ///< training nodes of a round's subgraph, at most all; >= 1
  std::int64_t batch_rows = 0;       ///< rows of a batch in the rounds; 0: all (the paper)
  double epoch_cost = 2e-3;          ///< of each epoch, in units of the loss; >= 0
  double learning_rate = 0.02;       ///< of Adam; > 0
  double baseline_decay = 0.9;       ///< 0 <= . < 1
  double entropy = 0.1;    ///< weight of the policy's entropy, in running deviations of the cost; >= 0
  bool step_heads = true;  ///< Controller
  /// "greedy": the likelier decision; "sample": drawn; "mean": stop where P(stop) is at least its mean in the
  /// last round (the paper's rule, which may stop where stopping is unlikely).
  std::string deployment = "greedy";
};
/// Errors: usage naming the option that is out of range.
void check(const ControllerOptions& options);

/// A run whose decisions `rule` takes, from start to end; `round` says which (another subgraph, another
/// seed).
using Episode = std::function<RunHistory(const StoppingRule& rule, int round)>;

struct ControllerTraining {
  std::vector<double> costs;         ///< of each round
  std::vector<int> epochs;           ///< of each round, over all layers
  double mean_stop_probability = 0;  ///< over the decisions of the last round
  double seconds = 0;
};

/// Improves `controller` by the policy gradient (Williams 1992): each round samples a run from the current
/// policy and descends (cost - b) sum log pi(decisions that were carried out) - entropy s sum H(pi), with
///   cost = last loss of the run + epoch_cost * its epochs,   b <- decay b + (1 - decay) cost,
///   s^2 <- decay s^2 + (1 - decay) (cost - b)^2, H the entropy of a step (Williams and Peng 1991),
/// by Adam. b begins at the first cost. We differ from You et al.: in their code the rounds follow given
/// decisions instead of the policy's, and the log-probability kept is that of a sampled decision that another
/// one replaced. Their epochs cost 1e-4, at which no layer should ever stop on Cora, so fast does training
/// loss fall. They have no entropy and a rate of 0.05, with which the policy settled far off the best one in
/// 4 to 5 of 30 toy problems (0.02: in none); at a rate of 0.02 without entropy it did so on Cora. Errors:
/// interrupted when a stop was requested; whatever an episode throws.
ControllerTraining train_controller(const std::shared_ptr<Controller>& controller,
                                    const ControllerOptions& options, std::uint64_t seed,
                                    const Episode& episode, const ProgressCallback& progress = {});

/// The trained controller as a rule, after options.deployment.
std::unique_ptr<StoppingRule> deploy(std::shared_ptr<const Controller> controller,
                                     const ControllerOptions& options, double mean_stop_probability,
                                     std::uint64_t seed);

}  // namespace tern::train
