#include "cli/terminal.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "base/error.hpp"

namespace tern::cli {
namespace {

constexpr int bar_width = 24;

std::string bar(double share) {
  const int full = static_cast<int>(share * bar_width);
  std::string text = "[";
  for (int i = 0; i < bar_width; ++i) text += i < full ? '#' : '.';
  return text + "]";
}

}  // namespace

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

ProgressPrinter::ProgressPrinter(bool quiet)
    : quiet_(quiet), is_terminal_(::isatty(STDERR_FILENO) == 1), has_colour_(std::getenv("NO_COLOR") == nullptr) {}

ProgressPrinter::~ProgressPrinter() { clear(); }

void ProgressPrinter::clear() {
  if (!line_open_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  line_open_ = false;
}

void ProgressPrinter::restart(const Progress& progress) {
  stage_ = progress.stage;
  first_done_ = progress.done;
  stage_start_ = Clock::now();
  last_print_ = is_terminal_ ? Clock::time_point() : Clock::now();
}

std::string ProgressPrinter::line(const Progress& progress) const {
  const double seconds = std::chrono::duration<double>(Clock::now() - stage_start_).count();
  const double rate = seconds > 0 ? static_cast<double>(progress.done - first_done_) / seconds : 0.0;
  std::string text = progress.stage;
  if (progress.total > 0) {
    const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
    if (is_terminal_) text += (has_colour_ ? " \x1b[36m" : " ") + bar(share) + (has_colour_ ? "\x1b[0m" : "");
    text += fmt::format(" {:3.0f}%", 100 * share);
  } else {
    text += fmt::format(" {}", progress.done);
  }
  for (const auto& [name, value] : progress.figures) {
    if (name == "epoch") text += fmt::format("  epoch {:.0f}", value);
    else if (name == "accuracy" || name == "validation") text += fmt::format("  {} {:.1f}%", name, 100 * value);
    else text += fmt::format("  {} {:.4g}", name, value);
  }
  if (rate > 0) text += fmt::format("  {:.0f} {}/s", rate, progress.unit);
  if (rate > 0 && progress.total > progress.done)
    text += "  " + duration_text(static_cast<double>(progress.total - progress.done) / rate) + " left";
  return text;
}

void ProgressPrinter::operator()(const Progress& progress) {
  if (quiet_) return;
  if (progress.stage != stage_) restart(progress);
  const auto pause = std::chrono::milliseconds(is_terminal_ ? 100 : 10000);
  if (!progress.finished && Clock::now() - last_print_ < pause) return;
  last_print_ = Clock::now();
  if (is_terminal_) {
    std::fputs(("\r" + line(progress) + "\x1b[K").c_str(), stderr);
    line_open_ = true;
  } else {
    std::fputs((line(progress) + "\n").c_str(), stderr);
  }
  std::fflush(stderr);
}

}  // namespace tern::cli
