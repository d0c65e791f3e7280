// One run over the layers: propagate, train, freeze, go on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/progress.hpp"
#include "train/layerwise/layer_classifier.hpp"
#include "train/layerwise/node_data.hpp"
#include "train/layerwise/propagation.hpp"
#include "train/layerwise/stopping.hpp"

namespace tern::train {

struct LayerRunOptions {
  LayerSchedule schedule;
  std::int64_t hidden = 16;
  double learning_rate = 0.005;
  std::int64_t batch_rows = 256;  ///< 0: all rows
  /// Theta and its moments are drawn anew for each layer (the paper's code for PPI), else they go on from
  /// layer to layer (its code for nodes of one label).
  bool fresh_classifier_per_layer = false;
  std::uint64_t seed = 1;
  std::filesystem::path scratch;  ///< folder for features between layers; empty: memory
};

struct LayerTimes {
  double seconds = 0;  ///< of the layer, propagation included
  double propagation_seconds = 0;
};

/// Everything that a run needs to go on behind its last finished layer.
struct LayerRunState {
  std::vector<at::Tensor> weights;  ///< of each finished layer, [columns, hidden] as in LayerClassifier
  at::Tensor theta;                 ///< [classes, hidden]
  Adam theta_moments;
  RunHistory history;
  std::vector<LayerTimes> times;
};

/// Trains layer after layer. Random draws are functions of (seed, layer, epoch) alone.
class LayerRun {
 public:
  LayerRun(TrainingView view, LayerRunOptions options);

  /// Goes on from where a run of the same view and options was: computes features again, with frozen layers.
  void adopt(LayerRunState state);
  bool finished() const {
    return state_.weights.size() == static_cast<std::size_t>(options_.schedule.layers);
  }
  /// X <- P X; trains W and Theta on batches of the labelled rows (an incomplete last batch of an epoch is
  /// left out where there is a complete one) until the schedule or `rule` ends the layer; X <- relu(X W),
  /// which the last layer spares. Errors: interrupted when a stop was requested (the state is that behind the
  /// layer before); bad_data for a loss that is not finite.
  void train_layer(const StoppingRule& rule, const ProgressCallback& progress = {});

  const LayerRunState& state() const { return state_; }
  int propagations() const { return propagation_.count(); }

 private:
  void freeze(std::size_t layer, const at::Tensor& weight);
  double train_epoch(LayerClassifier& classifier, std::size_t layer, int epoch);
  void propagate();

  TrainingView view_;
  LayerRunOptions options_;
  Propagation propagation_;
  LayerInput input_;                  ///< of the layer that comes next
  std::optional<RowBatch> all_rows_;  ///< the labelled rows of a layer that is trained on all of them at once
  LayerRunState state_;
};

/// All layers, on a part of a graph: what a controller learns from.
RunHistory run_history(TrainingView view, const LayerRunOptions& options, const StoppingRule& rule);

}  // namespace tern::train
