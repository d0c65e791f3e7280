// One run over the layers: propagate, train, freeze, go on.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/progress.hpp"
#include "train/layerwise/held_out.hpp"
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
  bool scores = false;            ///< validation and test nodes are scored behind each epoch
  /// Processes that train one model: each propagates and trains rows of its own nodes, out of the same
  /// batches that a single process draws, and gradients are summed. Null: this process alone.
  ProcessGroup* group = nullptr;
};

struct LayerTimes {
  double seconds = 0;  ///< of the layer, propagation included
  double propagation_seconds = 0;
};

/// A layer on its way: everything behind its last step.
struct OpenLayer {
  LayerClassifier classifier;
  std::vector<double> losses;       ///< of finished epochs
  std::vector<EpochScores> scores;  ///< the same, where they are measured
  std::int64_t batch = 0;           ///< that comes next in the epoch
  double loss_sum = 0;              ///< over the batches before it
  LayerTimes times;
};

/// Everything that a run needs to go on.
struct LayerRunState {
  std::vector<at::Tensor> weights;  ///< of each finished layer, [columns, hidden] as in LayerClassifier
  at::Tensor theta;                 ///< [classes, hidden]
  Adam theta_moments;
  RunHistory history;
  std::vector<LayerTimes> times;
  std::optional<OpenLayer> open;  ///< the layer that was left in the middle
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
  /// Propagates the labelled rows of X; trains W and Theta on batches of them (an incomplete last batch of an
  /// epoch is left out where there is a complete one) until the schedule or `rule` ends the layer;
  /// X <- relu(P (X W)), which the last layer spares: only labelled rows are multiplied before training, and
  /// only short rows behind it. Errors: interrupted when a stop was requested; io where another process is
  /// gone (the state is that behind the last step in both cases); bad_data for a loss that is not finite.
  void train_layer(const StoppingRule& rule, const ProgressCallback& progress = {});

  const LayerRunState& state() const { return state_; }
  int propagations() const { return propagation_.count(); }

 private:
  void freeze(std::size_t layer, const at::Tensor& weight);
  void open_layer(std::size_t layer);
  void propagate(std::size_t layer);
  bool train_epoch(const StoppingRule& rule, std::size_t layer);
  void train_batches(std::size_t layer, std::int64_t epoch);
  void train_batch(RowBatch& batch, const at::Tensor& targets, std::int64_t of_rows);
  bool others_stop() const;

  TrainingView view_;
  LayerRunOptions options_;
  Propagation propagation_;
  LayerInput input_;                  ///< X of the layer that comes next: rows that products here read
  LayerInput labelled_;               ///< its propagated rows of labelled nodes of this process
  at::Tensor labelled_ids_;           ///< their places among the rows of this process
  std::vector<std::int64_t> place_;   ///< of each of view_.rows in `labelled_`, -1: another process has it
  at::Tensor targets_;                ///< of `labelled_`
  std::optional<RowBatch> all_rows_;  ///< of a layer that is trained on all labelled rows at once
  HeldOut held_out_;
  LayerRunState state_;
};

/// All layers, on a part of a graph: what a controller learns from.
RunHistory run_history(TrainingView view, const LayerRunOptions& options, const StoppingRule& rule);

}  // namespace tern::train
