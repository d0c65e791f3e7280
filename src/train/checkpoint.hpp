// Everything that a training run needs to go on as if it had never stopped, in one safetensors file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "learn/model.hpp"
#include "train/optimizer.hpp"

namespace tern::train {

/// Figures of one finished epoch.
struct EpochResult {
  int epoch = 0;  ///< from 1, over all phases
  double train_loss = 0.0, train_accuracy = 0.0, validation_accuracy = 0.0, learning_rate = 0.0, seconds = 0.0;
  double test_accuracy = std::numeric_limits<double>::quiet_NaN();  ///< where the source measures it after each epoch
  double validation_loss = std::numeric_limits<double>::quiet_NaN();  ///< the same
};

/// Where a run stands. Random draws are functions of (seed, epoch, step), so that no generator state is kept.
struct Position {
  std::int64_t phase = 0, epoch = 0, batch = 0;  ///< next batch to train: epoch within the phase, batch within the epoch
  double loss_sum = 0.0;                         ///< over the samples of the unfinished epoch
  std::int64_t correct = 0, seen = 0;
  double seconds = 0.0;                          ///< spent on the unfinished epoch
};

struct CheckpointInfo {
  Position position;
  std::vector<EpochResult> history;
  std::string fingerprint;  ///< of everything that must not change between stop and resume
  bool finished = false;
};

/// Writes model (latents, masks, quantizers), optimizer and info; whole or not at all.
void save_checkpoint(const std::filesystem::path& path, const learn::Model& model, const Optimizer* optimizer,
                     const CheckpointInfo& info);

/// Reads one into `model`. With a fingerprint that fits, `model` becomes whatever Net the plan had made of it; without
/// one the Nets must be equal. Quantizers are made again from their specs.
/// Errors: ErrorKind::bad_data for a corrupt file or another Net; ErrorKind::usage where `fingerprint` is given and
/// differs: "the run was started with other settings".
CheckpointInfo load_checkpoint(const std::filesystem::path& path, learn::Model& model,
                               const std::string& fingerprint = {});

/// Reads the moments into an optimizer of the model that load_checkpoint restored from the same file.
void load_optimizer(const std::filesystem::path& path, Optimizer& optimizer);

/// The Net that a checkpoint holds.
net::Net checkpoint_net(const std::filesystem::path& path);

/// A Model from a checkpoint alone.
learn::Model load_model(const std::filesystem::path& path);

}  // namespace tern::train
