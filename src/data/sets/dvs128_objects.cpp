#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "data/sets/class_folders.hpp"
#include "data/sets/sets.hpp"
#include "formats/events/read_events.hpp"

namespace tern::data::sets {
namespace {

namespace fs = std::filesystem;
constexpr const char* layout = "session-DATE/OBJECT.aedat, two sessions";

/// Whole windows of window_us from the first event on; the rest at the end and windows without events are
/// left out.
std::vector<EventSample> cut(const formats::Recording& recording, std::int64_t window_us, std::int32_t label,
                             const std::string& name) {
  std::vector<EventSample> windows;
  const auto& events = recording.events;
  const std::int64_t first = events.front().t_us;
  auto begin = events.begin();
  for (std::int64_t start = first; start + window_us <= events.back().t_us + 1; start += window_us) {
    const auto end =
        std::lower_bound(begin, events.end(), start + window_us,
                         [](const formats::Event& event, std::int64_t t) { return event.t_us < t; });
    if (begin == end) continue;
    EventSample sample{label,
                       fmt::format("{}@{}ms", name, (start - first) / 1000),
                       {recording.width, recording.height, {begin, end}, recording.size_stated},
                       TimeSpan{start, start + window_us}};
    windows.push_back(std::move(sample));
    begin = end;
  }
  if (windows.empty())
    fail(ErrorKind::bad_data, name, "the recording is shorter than one window of {} us", window_us);
  return windows;
}

std::vector<std::string> objects_of(const fs::path& session) {
  std::vector<std::string> names;
  for (const fs::path& file : event_files(session)) names.push_back(file.stem().string());
  return names;
}

Recipe list_dvs128_objects(const DataOptions& options) {
  need_folder("dvs128-objects", options.path, "", layout);
  std::vector<std::string> sessions = sub_folders(options.path);
  std::erase_if(sessions, [](const std::string& name) { return !name.starts_with("session-"); });
  if (sessions.size() != 2)
    fail(ErrorKind::usage, "dvs128-objects", "{} folders session-* in {}: expected {}", sessions.size(),
         options.path.string(), layout);
  Recipe recipe;
  const std::vector<std::string> first = objects_of(options.path / sessions[0]);
  const std::vector<std::string> second = objects_of(options.path / sessions[1]);
  std::set_intersection(first.begin(), first.end(), second.begin(), second.end(),
                        std::back_inserter(recipe.class_names));
  if (recipe.class_names.empty())
    fail(ErrorKind::bad_data, options.path.string(), "no object is in both sessions");
  const std::int64_t window_us = std::llround(options.window_ms * 1000);
  for (const Part part : {Part::train, Part::test})
    for (const fs::path& file : event_files(options.path / sessions[part == Part::train ? 0 : 1])) {
      const auto found =
          std::find(recipe.class_names.begin(), recipe.class_names.end(), file.stem().string());
      if (found == recipe.class_names.end()) continue;
      const auto label = static_cast<std::int32_t>(found - recipe.class_names.begin());
      const std::string name = file.parent_path().filename().string() + "/" + file.stem().string();
      recipe.files.push_back(file);
      recipe.sources.push_back({part, label, name, 0, [file, window_us, label, name] {
                                  return cut(formats::read_events(file), window_us, label, name);
                                }});
    }
  recipe.rule = ValidationRule::last_windows;
  recipe.origin = fmt::format("'{}' trains and '{}' tests, {} objects that are in both, windows of {:g} ms.",
                              sessions[0], sessions[1], recipe.class_names.size(), options.window_ms);
  return recipe;
}

}  // namespace

const DataSet dvs128_objects{
    .row = {.info = {"dvs128-objects",
                     "hand-held objects before a DVS128, two sessions (folder session-*/NAME.aedat)",
                     "eberlawrence/DVS128_BioLab",
                     {}},
            .needs_path = true,
            .defaults = {.num_steps = 10, .slicing = "time", .window_ms = 100, .height = 32, .width = 32}},
    .list = list_dvs128_objects,
};

}  // namespace tern::data::sets
