// The packed model that a study hands over, proved equal to the trained one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "study/trial.hpp"

namespace tern::study {

struct Winner {
  std::string key;                ///< of the trial
  std::filesystem::path model;    ///< winner.tern
  std::int64_t file_bytes = 0;
  std::int64_t samples = 0;       ///< of the test split
  std::int64_t disagreements = 0; ///< samples where the engine's class differs from the trained model's
  double engine_accuracy = 0.0;
};

/// Copies the model of trial `key` to FOLDER/winner.tern and runs it in the engine over the whole test split (the
/// validation split where there is none), beside the trained model.
/// Errors: ErrorKind::internal where the engine refuses the model.
Winner hand_over(const StudyContext& context, const std::string& key);

}  // namespace tern::study
