#include <algorithm>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "data/sets/class_folders.hpp"
#include "data/sets/sets.hpp"
#include "formats/events/gesture_labels.hpp"
#include "formats/events/read_events.hpp"

namespace tern::data::sets {
namespace {

namespace fs = std::filesystem;
constexpr const char* layout =
    "userNN_LIGHT.aedat, userNN_LIGHT_labels.csv, trials_to_train.txt, trials_to_test.txt (the unpacked "
    "DvsGesture)";

std::vector<std::string> lines_of(const fs::path& path) {
  if (!fs::is_regular_file(path))
    fail(ErrorKind::usage, "dvs128-gesture", "no file '{}' in {}: expected {}", path.filename().string(),
         path.parent_path().string(), layout);
  std::vector<std::string> lines;
  std::string line;
  for (const char c : tern::read_file(path) + "\n") {
    if (c == '\r' || c == ' ') continue;
    if (c != '\n') {
      line += c;
      continue;
    }
    if (!line.empty()) lines.push_back(line);
    line.clear();
  }
  return lines;
}

std::vector<EventSample> cut(const formats::Recording& recording, const std::vector<formats::Trial>& trials,
                             const std::string& name) {
  std::vector<EventSample> samples;
  const auto before = [](const formats::Event& event, std::int64_t t) { return event.t_us < t; };
  const auto& events = recording.events;
  for (const formats::Trial& trial : trials) {
    const auto begin = std::lower_bound(events.begin(), events.end(), trial.begin_us, before);
    const auto end = std::lower_bound(begin, events.end(), trial.end_us, before);
    EventSample sample{trial.gesture - 1,
                       fmt::format("{}@{}ms", name, trial.begin_us / 1000),
                       {recording.width, recording.height, {begin, end}, recording.size_stated},
                       {}};
    if (begin == end) log(LogLevel::warning, sample.name + ": the trial has no event");
    samples.push_back(std::move(sample));
  }
  return samples;
}

Source source_of(const fs::path& file, const fs::path& labels, Part part, const std::string& name) {
  std::vector<formats::Trial> trials = formats::read_gesture_labels(tern::read_file(labels), labels.string());
  const auto count = static_cast<std::int64_t>(trials.size());
  return {part, -1, name, count,
          [file, name, trials = std::move(trials)] { return cut(formats::read_events(file), trials, name); }};
}

void add_part(Recipe& recipe, const fs::path& root, const char* list, Part part) {
  for (const std::string& line : lines_of(root / list)) {
    const fs::path file = root / fs::path(line).filename();
    const std::string name = file.stem().string();
    const fs::path labels = root / (name + "_labels.csv");
    for (const fs::path& needed : {file, labels})
      if (!fs::is_regular_file(needed))
        fail(ErrorKind::bad_data, (root / list).string(), "lists '{}' but {} is missing", line,
             needed.string());
    recipe.files.push_back(file);
    recipe.files.push_back(labels);
    recipe.sources.push_back(source_of(file, labels, part, name));
  }
}

Recipe list_dvs128_gesture(const DataOptions& options) {
  need_folder("dvs128-gesture", options.path, "", layout);
  Recipe recipe;
  recipe.class_names = {"hand_clapping",
                        "right_hand_wave",
                        "left_hand_wave",
                        "right_arm_clockwise",
                        "right_arm_counter_clockwise",
                        "left_arm_clockwise",
                        "left_arm_counter_clockwise",
                        "arm_roll",
                        "air_drums",
                        "air_guitar",
                        "other_gestures"};
  add_part(recipe, options.path, "trials_to_train.txt", Part::train);
  add_part(recipe, options.path, "trials_to_test.txt", Part::test);
  std::int64_t counts[2] = {};
  for (const Source& source : recipe.sources)
    counts[source.part == Part::train ? 0 : 1] += source.num_samples;
  recipe.origin = fmt::format(
      "trials_to_train.txt trains and trials_to_test.txt tests, each row of the label files one sample: {} "
      "and {} "
      "(SpikingJelly's 1176 and 288; tonic's 1077 and 264 are not comparable).",
      counts[0], counts[1]);
  return recipe;
}

}  // namespace

const DataSet dvs128_gesture{
    .row = {.info = {"dvs128-gesture",
                     "DVS128 Gesture: 11 hand and arm gestures, 2 x 128 x 128",
                     "Amir et al. 2017",
                     {}},
            .needs_path = true,
            .defaults = {.num_steps = 20, .slicing = "count"}},
    .list = list_dvs128_gesture,
};

}  // namespace tern::data::sets
