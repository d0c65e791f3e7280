// When a layer of a layer-wise run has been trained long enough.
//
// A rule is a pure function of what the run has seen so far (RunHistory), so that a run that resumes asks it
// the same questions and gets the same answers without any state of the rule being kept.
#pragma once

#include <memory>
#include <vector>

#include "base/registry.hpp"

namespace tern::train {

/// When rules are asked: after every `decide_every` epochs of a layer, from the first such epoch beyond
/// `min_epochs` on and before the last one, where the layer ends unasked.
struct LayerSchedule {
  int layers = 2;             ///< >= 1
  int epochs_per_layer = 80;  ///< >= 1; no layer is trained for longer
  int decide_every = 10;      ///< >= 1
  int min_epochs = 0;         ///< >= 0; 0: a layer may stop at its first decision

  bool decides_at(int epoch) const {
    return epoch % decide_every == 0 && epoch > min_epochs && epoch < epochs_per_layer;
  }
  /// Places of decisions in a layer: epoch k * decide_every is place k - 1, whether or not a rule is asked
  /// there.
  int decisions_per_layer() const { return (epochs_per_layer - 1) / decide_every; }
};

/// How well the layers so far and the classifier do behind an epoch, on nodes that are not trained on.
struct EpochScores {
  double validation = 0, validation_loss = 0, test = 0;
};

/// Mean training loss of each epoch, layer after layer.
struct RunHistory {
  std::vector<std::vector<double>> losses;
  bool open = false;  ///< the last layer is still being trained: a rule is being asked
  std::vector<std::vector<EpochScores>> scores = {};  ///< of each epoch, where they are measured; else empty

  int epochs() const;
  /// REQUIRES: some epoch was trained.
  double first_loss() const { return losses.front().front(); }
  double last_loss() const { return losses.back().back(); }
};

class StoppingRule {
 public:
  virtual ~StoppingRule() = default;
  /// Whether the last layer of `history` stops here. REQUIRES: history.open and an epoch where the schedule
  /// decides.
  virtual bool stop(const RunHistory& history) const = 0;
};

/// Every layer gets all its epochs (You et al. 2020, L-GCN).
class FixedStop : public StoppingRule {
 public:
  bool stop(const RunHistory&) const override { return false; }
};

struct PlateauOptions {
  double relative = 0.01;  ///< improvement of the layer's best loss that counts, in parts of it; >= 0
  int decisions = 2;       ///< in a row without such an improvement; >= 1
};

/// Stops a layer whose loss has not fallen below (1 - relative) * its best for some decisions in a row. The
/// loss of a decision is the mean over the epochs since the decision before, which mini-batches make less
/// noisy than one epoch.
class PlateauStop : public StoppingRule {
 public:
  /// Errors: usage for options out of range.
  PlateauStop(PlateauOptions options, int decide_every);
  bool stop(const RunHistory& history) const override;

 private:
  PlateauOptions options_;
  int decide_every_;
};

/// Stops a layer whose validation loss was lowest `patience` epochs ago, as train::TrainOptions::patience
/// does with a whole network (Prechelt 1998, "Early stopping - but when?"). The layer keeps its last weights.
class ValidationStop : public StoppingRule {
 public:
  /// Errors: usage for patience < 1.
  explicit ValidationStop(int patience);
  /// REQUIRES: scores of each epoch of the layer.
  bool stop(const RunHistory& history) const override;

 private:
  int patience_;
};

/// "fixed", "plateau", "validation" and "controller" (train/layerwise/controller.hpp) with their options, to
/// be printed.
std::vector<MethodInfo> stopping_table();

}  // namespace tern::train
