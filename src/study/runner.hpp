// Runs a whole study, or whatever of it is left.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "report/pareto.hpp"
#include "report/result_store.hpp"
#include "report/trial_record.hpp"
#include "study/study_file.hpp"
#include "study/winner.hpp"

namespace tern::study {

struct StudyResult {
  std::vector<report::TrialRecord> trials;
  std::vector<report::Group> groups;
  std::string finding;               ///< sentences for people
  std::optional<Winner> winner;      ///< none where nothing finished
  std::filesystem::path report;      ///< the HTML page
  std::int64_t failed = 0;
};

struct RunOptions {
  std::filesystem::path folder;        ///< runs/NAME; made where it is missing
  std::vector<std::string> commands;   ///< shown in the report
  ProgressCallback progress;
  std::function<void(const report::TrialRecord&, const report::TrialCounts&)> on_trial;  ///< after each trial
};

/// Claims trials from FOLDER/results.sqlite until none is left, then writes winner.tern and report.html. Several
/// processes may run the same study in the same folder. A trial that fails is recorded and the rest goes on; a study
/// that was killed goes on where it was, inside a trial too.
/// Errors: ErrorKind::interrupted after Ctrl-C (nothing is lost); ErrorKind::usage where the folder holds a study of
/// another configuration.
StudyResult run_study(const StudyConfig& config, const RunOptions& options);

}  // namespace tern::study
