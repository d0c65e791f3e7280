// What a MODEL argument may be, and how to read it.
#pragma once

#include <optional>
#include <string>

#include "learn/model.hpp"
#include "net/net.hpp"
#include "pack/model_file.hpp"

namespace tern::cli {

/// A Net, and its weights where the source has them.
struct ModelSource {
  net::Net net;
  std::optional<learn::Model> model;
  std::string kind;  ///< "architecture", "net", "checkpoint" or "packed model"
  std::optional<pack::PackedModel> packed{};  ///< of a packed model: its tensors as stored
};

/// An architecture's name, a Net (.json), a checkpoint (.safetensors), a packed model (.tern), or a run folder with a
/// checkpoint in it. Errors: ErrorKind::usage naming what was looked for.
ModelSource read_model_source(const std::string& text);

/// Help text for the argument.
inline constexpr const char* model_source_help =
    "architecture name, net.json, checkpoint.safetensors, model.tern or a run folder";

}  // namespace tern::cli
