// What training a graph network over several seeds reached, as a table and as JSON.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "train/graph/procedure.hpp"

namespace tern::cli {

struct SeedRun {
  std::uint64_t seed = 0;
  train::GraphRunResult result;
  std::int64_t weights = 0;
};

/// What was trained on what, and how.
struct RunName {
  std::string network, data, procedure;
};

/// Means and deviations (of a sample) over the seeds, and every seed. REQUIRES: at least one run.
nlohmann::ordered_json results_json(const RunName& name, const std::vector<SeedRun>& runs);
void print_results(const RunName& name, const std::vector<SeedRun>& runs);

/// "81.50", or "-" where there is none.
std::string percent_text(double value);

}  // namespace tern::cli
