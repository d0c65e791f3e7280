#include "formats/events/gesture_labels.hpp"

#include <algorithm>
#include <charconv>

#include "base/log.hpp"
#include "formats/events/byte_reader.hpp"

namespace tern::formats {
namespace {

/// The next whole number of `row`, up to a comma or its end; false where there is none.
bool take_number(std::string_view& row, std::int64_t& value) {
  const std::size_t comma = std::min(row.find(','), row.size());
  const auto [end, error] = std::from_chars(row.data(), row.data() + comma, value);
  const bool whole = error == std::errc{} && end == row.data() + comma;
  row.remove_prefix(std::min(comma + 1, row.size()));
  return whole;
}

void warn_of_overlap(const std::vector<Trial>& trials, std::string_view name) {
  std::vector<Trial> sorted = trials;
  std::sort(sorted.begin(), sorted.end(),
            [](const Trial& a, const Trial& b) { return a.begin_us < b.begin_us; });
  for (std::size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].begin_us < sorted[i - 1].end_us)
      log(LogLevel::warning, fmt::format("{}: gestures {} and {} overlap from {} to {} us; both are kept",
                                         name, sorted[i - 1].gesture, sorted[i].gesture, sorted[i].begin_us,
                                         std::min(sorted[i - 1].end_us, sorted[i].end_us)));
}

Trial read_row(const ByteReader& reader, std::size_t at, std::string_view row) {
  constexpr int num_gestures = 11;
  std::string_view rest = row;
  std::int64_t gesture = 0;
  Trial trial;
  if (!take_number(rest, gesture) || !take_number(rest, trial.begin_us) || !take_number(rest, trial.end_us) ||
      !rest.empty())
    reader.fail_at(at, "expected class,startTime_usec,endTime_usec, got '{}'", row);
  if (gesture < 1 || gesture > num_gestures)
    reader.fail_at(at, "unknown class {}: gestures are 1 to {}", gesture, num_gestures);
  if (trial.begin_us < 0 || trial.end_us <= trial.begin_us)
    reader.fail_at(at, "a gesture from {} to {} us", trial.begin_us, trial.end_us);
  trial.gesture = static_cast<int>(gesture);
  return trial;
}

}  // namespace

std::vector<Trial> read_gesture_labels(std::string_view text, std::string_view name) {
  std::string whole(text);  // a last line without its end is usual in these files
  if (!whole.ends_with('\n')) whole += '\n';
  ByteReader reader(whole, name);
  if (reader.line() != "class,startTime_usec,endTime_usec")
    reader.fail_at(0, "expected the line 'class,startTime_usec,endTime_usec'");
  std::vector<Trial> trials;
  while (!reader.at_end()) {
    const std::size_t at = reader.offset();
    const std::string_view row = reader.line();
    if (!row.empty()) trials.push_back(read_row(reader, at, row));
  }
  if (trials.empty()) reader.fail_here("no gesture");
  warn_of_overlap(trials, name);
  return trials;
}

}  // namespace tern::formats
