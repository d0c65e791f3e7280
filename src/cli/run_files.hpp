// tern run over files instead of a data set.
#pragma once

#include <string>
#include <vector>

#include "engine/program.hpp"

namespace tern::cli {

struct FileRun {
  std::vector<std::string> files;  ///< as formats::read_samples takes them
  std::string array;               ///< of .npz files
  std::int64_t num_steps = 0;      ///< where the model leaves them open
  std::int64_t top = 1;            ///< classes to print
};

/// Prints the best classes of every sample, or with `json` all scores. Errors: as read_samples and the engine.
void run_files(const engine::Program& program, const FileRun& run, bool json);

}  // namespace tern::cli
