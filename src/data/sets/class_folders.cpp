#include "data/sets/class_folders.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "formats/events/read_events.hpp"

namespace tern::data::sets {
namespace {

namespace fs = std::filesystem;

bool hidden(const fs::path& path) {
  return path.filename().string().starts_with('.');
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code failure;
  for (fs::directory_iterator it(folder, failure), end; !failure && it != end; it.increment(failure))
    if (!hidden(it->path())) entries.push_back(it->path());
  if (failure) fail(ErrorKind::io, folder.string(), "cannot list the folder: {}", failure.message());
  std::sort(entries.begin(), entries.end());
  return entries;
}

/// A loose event file beside the class folders has no label.
void refuse_loose_files(const fs::path& folder) {
  for (const fs::path& entry : sorted_entries(folder))
    if (fs::is_regular_file(entry) && formats::has_event_extension(entry))
      fail(ErrorKind::bad_data, entry.string(), "an event file outside the class folders has no label");
}

Source source_of(const fs::path& file, Part part, std::int32_t label, std::string name) {
  return {part, label, name, 1, [file, label, name] {
            std::vector<EventSample> samples(1);
            samples[0] = {label, name, formats::read_events(file), {}};
            return samples;
          }};
}

void add_part(Recipe& recipe, const fs::path& folder, Part part) {
  refuse_loose_files(folder);
  for (const std::string& name : sub_folders(folder)) {
    const auto found = std::find(recipe.class_names.begin(), recipe.class_names.end(), name);
    if (found == recipe.class_names.end())
      fail(ErrorKind::bad_data, (folder / name).string(), "'{}' is not a class: the training folder has {}",
           name, fmt::join(recipe.class_names, ", "));
    const auto label = static_cast<std::int32_t>(found - recipe.class_names.begin());
    for (const fs::path& file : event_files(folder / name)) {
      recipe.files.push_back(file);
      recipe.sources.push_back(source_of(
          file, part, label, folder.filename().string() + "/" + name + "/" + file.filename().string()));
    }
  }
}

}  // namespace

std::vector<std::string> sub_folders(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& entry : sorted_entries(folder))
    if (fs::is_directory(entry)) names.push_back(entry.filename().string());
  return names;
}

std::vector<fs::path> event_files(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const fs::path& entry : sorted_entries(folder)) {
    if (!fs::is_regular_file(entry) || !formats::has_event_extension(entry))
      fail(ErrorKind::bad_data, entry.string(), "a class folder holds event files only");
    files.push_back(entry);
  }
  if (files.empty()) fail(ErrorKind::bad_data, folder.string(), "the class has no recording");
  return files;
}

void need_folder(const std::string& set, const fs::path& root, const std::string& name,
                 const std::string& layout) {
  const bool there = fs::is_directory(name.empty() ? root : root / name);
  if (there) return;
  if (!fs::is_directory(root))
    fail(ErrorKind::usage, set, "no folder '{}': expected {}", root.string(), layout);
  fail(ErrorKind::usage, set, "no folder '{}' in {}: expected {}", name, root.string(), layout);
}

Recipe list_class_folders(const std::string& set, const fs::path& root, const std::string& train,
                          const std::string& test) {
  const std::string layout = fmt::format("{}/CLASS/FILE and {}/CLASS/FILE", train, test);
  need_folder(set, root, train, layout);
  need_folder(set, root, test, layout);
  Recipe recipe;
  recipe.class_names = sub_folders(root / train);
  if (recipe.class_names.empty())
    fail(ErrorKind::usage, set, "no class folder in {}: expected {}", (root / train).string(), layout);
  add_part(recipe, root / train, Part::train);
  add_part(recipe, root / test, Part::test);
  recipe.origin =
      fmt::format("Folder '{}' trains and folder '{}' tests, as the data set comes.", train, test);
  return recipe;
}

}  // namespace tern::data::sets
