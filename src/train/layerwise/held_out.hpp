// Validation and test nodes behind each epoch of a layer.
#pragma once

#include <ATen/core/Tensor.h>

#include "train/layerwise/layer_classifier.hpp"
#include "train/layerwise/node_data.hpp"
#include "train/layerwise/propagation.hpp"
#include "train/layerwise/stopping.hpp"

namespace tern::train {

/// Rows that are propagated once a layer, as the training rows are, so that scoring them is two products.
/// With several processes each has those of its own nodes, and the counts are summed.
class HeldOut {
 public:
  HeldOut() = default;
  /// REQUIRES: view.validation and view.test are given. `group` may be null.
  HeldOut(const TrainingView& view, const Propagation& propagation, ProcessGroup* group);

  /// Takes the features of a layer in. Its product is not counted among those of `propagation`.
  void propagate(const Propagation& propagation, const LayerInput& features);
  /// The same on all processes; NaN for a part without nodes.
  EpochScores scores(const LayerClassifier& classifier) const;

 private:
  struct Part {
    at::Tensor ids, targets;  ///< of this process: places among its rows
    LayerInput input;
  };
  static Tally tally(const Part& part, const LayerClassifier& classifier);

  Part validation_, test_;
  bool many_labels_ = false;
  ProcessGroup* group_ = nullptr;
};

}  // namespace tern::train
