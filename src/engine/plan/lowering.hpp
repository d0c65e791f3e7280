// From a Net with packed weights to fused steps.
#pragma once

#include <memory>
#include <vector>

#include "engine/options.hpp"
#include "engine/plan/step.hpp"
#include "pack/model_file.hpp"

namespace tern::engine {

struct LoweredNet {
  std::vector<Storage> storages;
  std::vector<std::unique_ptr<Step>> steps;  ///< prepared, in order of execution
};

/// REQUIRES: pack::check_model passed. Errors: ErrorKind::unsupported for a node that the engine cannot run;
/// ErrorKind::usage for an unknown kernel in the options.
LoweredNet lower(const pack::PackedModel& model, const Options& options);

}  // namespace tern::engine
