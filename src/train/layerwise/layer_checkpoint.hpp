// A layer-wise run on disk, behind a layer or behind the last step of one that was stopped.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include <ATen/core/Tensor.h>

#include "train/layerwise/controller_training.hpp"
#include "train/layerwise/layer_run.hpp"

namespace tern::train {

struct LayerCheckpoint {
  std::string fingerprint;  ///< of everything that must not change between stop and resume
  LayerRunState run;        ///< no layer yet where only the controller is trained
  std::map<std::string, at::Tensor> controller;  ///< tensors of a trained controller, if any
  ControllerTraining controller_training;
};

/// One safetensors file, whole or not at all. Errors: io.
void save_layer_checkpoint(const std::filesystem::path& path, const LayerCheckpoint& checkpoint);

/// None where there is no such file. Errors: bad_data for a corrupt one; usage for another fingerprint: "the
/// run was started with other settings".
std::optional<LayerCheckpoint> load_layer_checkpoint(const std::filesystem::path& path,
                                                     const std::string& fingerprint);

}  // namespace tern::train
