// A run's figures on disk: metrics.csv for spreadsheets, metrics.jsonl for programs.
#pragma once

#include <filesystem>
#include <vector>

#include "train/checkpoint.hpp"

namespace tern::train {

/// Writes both files of `folder` anew, whole or not at all: cheap, and right also after a resume.
void write_metrics(const std::filesystem::path& folder, const std::vector<EpochResult>& history);

}  // namespace tern::train
