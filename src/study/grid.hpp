// The trials of a study.
#pragma once

#include <vector>

#include "report/trial_record.hpp"
#include "study/study_file.hpp"

namespace tern::study {

/// Every trial, baselines first, then seed by seed in the grid's order. Without a baseline in the combinations one is
/// added all the same: the others start from it. "joint" and "cumulative" at sparsity 0 are "quantize" and appear once.
/// Keys: "baseline/seed1", "quantize/w2/seed1", "prune/s0.8/seed1", "joint/w2/s0.8/seed1".
/// The study's written-out plans follow, seed by seed: "NAME/seed1".
std::vector<report::TrialSpec> make_trials(const StudyConfig& config);

/// The written-out plan that a trial runs, or null for one of the grid.
const NamedPlan* find_plan(const StudyConfig& config, const report::TrialSpec& spec);

}  // namespace tern::study
