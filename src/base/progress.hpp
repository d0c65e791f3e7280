// Progress of long work: libraries report it here and never print.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace tern {

/// One report. `done` of `total` units are finished (total 0: unknown); `figures` are named values worth showing,
/// such as {"loss", 0.31}, in the order to show them.
struct Progress {
  std::string stage;            ///< "train", "read recordings"
  std::int64_t done = 0;
  std::int64_t total = 0;
  std::string unit = "samples"; ///< what is counted
  std::vector<std::pair<std::string, double>> figures;
  bool finished = false;        ///< last report of this stage
};

/// Called from the thread that does the work, often; must be quick. Empty: nobody listens.
using ProgressCallback = std::function<void(const Progress&)>;

}  // namespace tern
