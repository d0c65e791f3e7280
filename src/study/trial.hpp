// One trial: train, measure, cost, pack.
#pragma once

#include <filesystem>
#include <string>

#include "base/progress.hpp"
#include "cost/accelerator.hpp"
#include "data/dataset.hpp"
#include "report/trial_record.hpp"
#include "study/study_file.hpp"

namespace tern::study {

/// What all trials of a study share. `folder` holds trials/KEY/ with checkpoint.safetensors, metrics.csv,
/// metrics.jsonl, cost.json and model.tern.
struct StudyContext {
  const StudyConfig& config;
  const data::FrameDataset& data;
  const cost::Accelerator& accelerator;
  std::filesystem::path folder;
};

std::filesystem::path trial_folder(const StudyContext& context, const std::string& key);
std::filesystem::path trial_checkpoint(const StudyContext& context, const std::string& key);

/// A written-out plan must be the one that its folder's results come from. Errors: ErrorKind::usage.
void check_unchanged(const StudyContext& context, const report::TrialSpec& spec);

/// Runs or resumes a trial. Every trial but a baseline, or a plan from scratch, starts
/// from the finished baseline of its seed.
/// Errors: as train::train; ErrorKind::bad_data where the baseline's checkpoint is missing.
report::TrialRecord run_trial(const StudyContext& context, const report::TrialSpec& spec,
                              const ProgressCallback& progress = {});

}  // namespace tern::study
