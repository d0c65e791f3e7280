// The registry of what a plan's steps can be: "prune", "quantize", "factorize", ...
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "compress/options.hpp"
#include "compress/transform.hpp"

namespace tern::compress {

/// A kind of step. Each lives in steps/NAME.cpp and has one line in step_kind.cpp.
struct StepKind {
  std::string name, summary;
  std::vector<OptionSpec> (*options)();
  /// Checks what one option alone cannot tell (a missing sparsity) and makes the step. Errors: ErrorKind::usage, place
  /// "plan".
  std::unique_ptr<Transform> (*make)(const Options& options);
  /// Steps of one phase act in this order: rewriting 0, pruning 1, quantizing 2, post-training 3.
  int rank = 0;
  /// A step for which this holds makes the images that the phase's later steps look at: it acts right after rewriting
  /// ones, so that calibration sees them too. Null: never.
  bool (*gives_samples)(const Options& options) = nullptr;
  /// Two steps of a plan with the same key are refused. Null: the key is the name.
  std::string (*key)(const Options& options) = nullptr;
};

std::span<const StepKind* const> step_kind_table();
/// Errors: ErrorKind::usage with the nearest known name, place "plan".
const StepKind& find_step_kind(std::string_view name);

}  // namespace tern::compress
