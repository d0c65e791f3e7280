// L-GCN and L2-GCN: graph convolutional networks trained layer after layer.
//
// You, Chen, Wang and Shen (2020), "L2-GCN: Layer-Wise and Learned Efficient Training of Graph Convolutional
// Networks". A layer sees features that were propagated once, X <- P X with P = C^-1 (A + I) + I
// (graph::Normalisation::lgcn), so that training is on independent rows and a run costs two sparse products a
// layer, whatever the number of epochs: one of the labelled rows of X before training, and, but for the last
// layer, one of X W behind it. (You et al. propagate all of X once; P (X W) is the same as (P X) W and has
// fewer columns, and where features are bags of words, P X is much denser than X.) Memory is that of the
// graph and of two feature matrices, which may lie in scratch files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/progress.hpp"
#include "train/layerwise/controller_training.hpp"
#include "train/layerwise/layer_run.hpp"
#include "train/layerwise/node_data.hpp"
#include "train/layerwise/scores.hpp"
#include "train/layerwise/stopping.hpp"

namespace tern::train {

struct LayerwiseOptions {
  int layers = 2;                           ///< >= 1
  std::int64_t hidden = 16;                 ///< outputs of every layer; >= 1
  double learning_rate = 0.005;             ///< of Adam; > 0
  std::int64_t batch_rows = 256;            ///< labelled rows a step, 0: all; >= 0
  int epochs_per_layer = 80;                ///< >= 1
  int decide_every = 10;                    ///< epochs between questions to the stopping rule; >= 1
  int min_epochs = 0;                       ///< of a layer before the first question; >= 0
  bool inductive = false;                   ///< training sees only its own nodes and the edges between them
  bool fresh_classifier_per_layer = false;  ///< LayerRunOptions
  std::string stopping = "fixed";           ///< a row of stopping_table()
  PlateauOptions plateau;
  int patience = 10;    ///< of stopping "validation", in epochs; >= 1
  bool scores = false;  ///< validation and test nodes are scored behind each epoch; not with inductive
  ControllerOptions controller;
  std::uint64_t seed = 1;
  std::filesystem::path scratch;     ///< folder for features between layers; empty: memory
  std::filesystem::path checkpoint;  ///< file written behind each layer and gone on from; empty: none
  ProcessGroup* group = nullptr;     ///< LayerRunOptions; each reads the checkpoint, the first writes it
};

struct LayerwiseLayer {
  std::vector<double> losses;       ///< mean training loss of each epoch
  std::vector<EpochScores> scores;  ///< of each epoch, where options.scores
  double seconds = 0, propagation_seconds = 0;
};

struct LayerwiseResult {
  /// float32 [out, in]: W_1 [hidden, features], W_2 .. W_L [hidden, hidden], Theta [classes, hidden]; those
  /// of a Net propagate(lgcn) -> linear -> relu, L times, then linear, none with bias.
  std::vector<at::Tensor> weights;
  std::vector<LayerwiseLayer> layers;
  SplitScores scores;           ///< of the network on the whole graph
  std::string metric;           ///< "accuracy" or "micro-F1"
  int epochs = 0;               ///< over all layers
  int epochs_saved = 0;         ///< layers * epochs_per_layer - epochs
  int propagations = 0;         ///< sparse products of training: 2 layers - 1, unless a run was gone on with
  double training_seconds = 0;  ///< over all layers, without the controller's rounds
  double evaluation_seconds = 0;
  std::optional<ControllerTraining> controller;  ///< where it was trained or read from the checkpoint
};

/// Trains on data.split->train and scores all of the split. Equal seeds, threads and builds give equal
/// weights, bit for bit, also where a run was killed and went on from its checkpoint. Progress: stages
/// "controller", then "layer 1" .. Errors: usage for options; those of check(data) and of LayerRun;
/// interrupted when a stop was requested, io where another process of the group is gone, with everything up
/// to the last step in the checkpoint. With a group, weights are those of one process within rounding; every
/// process has read all of the data, and keeps features of its own nodes and their neighbours in training.
LayerwiseResult train_layerwise(const NodeData& data, const LayerwiseOptions& options,
                                const ProgressCallback& progress = {});

}  // namespace tern::train
