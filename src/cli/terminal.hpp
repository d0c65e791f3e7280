// Progress for people: a bar on a terminal, plain lines in a log.
#pragma once

#include <chrono>
#include <string>

#include "base/progress.hpp"

namespace tern::cli {

/// Draws on standard error. On a terminal: one line that is drawn over, with rate and time left, at most ten times a
/// second. Elsewhere: a line every ten seconds and at the end of a stage. NO_COLOR is honoured.
class ProgressPrinter {
 public:
  explicit ProgressPrinter(bool quiet);
  ~ProgressPrinter();
  void operator()(const Progress& progress);
  /// Ends the line in progress, so that other text can follow.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  void restart(const Progress& progress);
  std::string line(const Progress& progress) const;

  bool quiet_, is_terminal_, has_colour_;
  bool line_open_ = false;
  std::string stage_;
  std::int64_t first_done_ = 0;
  Clock::time_point stage_start_, last_print_;
};

/// "1:02:03", "4:05", "12 s".
std::string duration_text(double seconds);

}  // namespace tern::cli
