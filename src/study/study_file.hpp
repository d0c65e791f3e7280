// What a study is asked to do: the YAML file as a struct.
//
// `study` runs the main job: a grid of compression plans, each trained, measured on data, costed on an accelerator and
// packed; then the front, the winner and the report. It combines the rooms below and adds no method of its own.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.hpp"
#include "train/trainer.hpp"
#include "zoo/architecture.hpp"

namespace tern::study {

/// Which network to train: an architecture of the zoo, or a Net in a JSON file.
struct NetworkOptions {
  std::string name = "nmnist-conv";  ///< architecture, or a path ending in .json
  zoo::ArchitectureOptions options;  ///< input, steps and classes follow the data
};

/// The trials: combinations x bits x sparsity.
struct GridOptions {
  /// Empty where the study has only written-out plans. Of "baseline", "quantize" (bits, no pruning), "prune" (no quantization), "cumulative" (prune, train, quantize,
  /// train) and "joint" (both at once).
  std::vector<std::string> combinations{"baseline", "quantize", "prune", "cumulative", "joint"};
  std::vector<int> bits{2};
  std::vector<double> sparsity{0.8, 0.9};  ///< zeros asked of "prune", "cumulative" and "joint"
  std::string schedule = "oneshot";
  std::string quantizer = "duq";
  std::string gradient = "ewgs";
};

/// A trial written out: `plans` of the file.
struct NamedPlan {
  std::string name;             ///< its combination in tables: "lsq-4-4"
  std::string plan;             ///< canonical
  bool from_scratch = false;    ///< starts from the seed's first weights instead of its trained baseline
  NetworkOptions network;       ///< the study's, or one of another width (from scratch then)
  std::string text;             ///< all of it on one line
  train::TrainOptions train;    ///< `finetune` (or `train` from scratch) with the plan's own changes
};

struct StudyConfig {
  std::string name;
  std::string title;
  data::DataOptions data;
  NetworkOptions network;
  train::TrainOptions train;     ///< of the baselines
  train::TrainOptions finetune;  ///< of every other trial, from the baseline of its seed
  GridOptions grid;
  std::vector<NamedPlan> plans;
  std::vector<std::uint64_t> seeds{1};
  std::filesystem::path hardware;
  std::int64_t activity_samples = 200;  ///< of the validation split, to measure densities on
  double tolerance = 0.005;             ///< accuracy that the winner may lose against the baseline, a fraction
  int threads = 0;                      ///< 0: all processors
  std::string resolved;                 ///< the configuration as text, every default written out
  std::string identity;                 ///< the same without `plans`: a study may get more of them later
};

/// Reads a study. `overrides` are "key.path=value" and win over the file. Paths in the file are relative to the working
/// folder first, then to the file's own. `place` names the file in messages.
/// Errors: ErrorKind::usage for unknown keys (nearest known one named), ErrorKind::bad_data for values of a wrong type
/// or out of range.
StudyConfig parse_study(std::string_view yaml, const std::vector<std::string>& overrides = {},
                        const std::filesystem::path& place = "study");
StudyConfig read_study(const std::filesystem::path& path, const std::vector<std::string>& overrides = {});

}  // namespace tern::study
