#include "data/sets/class_folders.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "formats/events/read_events.hpp"
#include "formats/images/jpeg.hpp"

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

/// A loose file beside the class folders has no label.
void refuse_loose_files(const fs::path& folder, const FileKind& kind) {
  for (const fs::path& entry : sorted_entries(folder))
    if (fs::is_regular_file(entry) && kind.accepts(entry))
      fail(ErrorKind::bad_data, entry.string(), "an {} outside the class folders has no label", kind.file);
}

void set_event_reader(Source& source, const fs::path& file) {
  source.read = [file, label = source.label, name = source.name] {
    std::vector<EventSample> samples(1);
    samples[0] = {label, name, formats::read_events(file), {}};
    return samples;
  };
}

void set_jpeg_reader(Source& source, const fs::path& file) {
  source.read_image = [file] { return formats::read_jpeg(file); };
}

std::vector<fs::path> files_of(const fs::path& folder, const FileKind& kind) {
  std::vector<fs::path> files;
  for (const fs::path& entry : sorted_entries(folder)) {
    if (!fs::is_regular_file(entry) || !kind.accepts(entry))
      fail(ErrorKind::bad_data, entry.string(), "a class folder holds {}s only", kind.file);
    files.push_back(entry);
  }
  if (files.empty()) fail(ErrorKind::bad_data, folder.string(), "the class has no {}", kind.sample);
  return files;
}

void add_part(Recipe& recipe, const fs::path& folder, Part part, const FileKind& kind) {
  refuse_loose_files(folder, kind);
  for (const std::string& name : sub_folders(folder)) {
    const auto found = std::find(recipe.class_names.begin(), recipe.class_names.end(), name);
    if (found == recipe.class_names.end())
      fail(ErrorKind::bad_data, (folder / name).string(), "'{}' is not a class: the training folder has {}",
           name, fmt::join(recipe.class_names, ", "));
    const auto label = static_cast<std::int32_t>(found - recipe.class_names.begin());
    const std::string prefix = folder.filename().string() + "/" + name + "/";
    for (const fs::path& file : files_of(folder / name, kind)) {
      recipe.files.push_back(file);
      recipe.sources.push_back({part, label, prefix + file.filename().string(), 1});
      kind.set_reader(recipe.sources.back(), file);
    }
  }
}

}  // namespace

const FileKind event_kind{"event file", "recording", formats::has_event_extension, set_event_reader};
const FileKind jpeg_kind{"image file", "image", formats::has_jpeg_extension, set_jpeg_reader};

std::vector<std::string> sub_folders(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& entry : sorted_entries(folder))
    if (fs::is_directory(entry)) names.push_back(entry.filename().string());
  return names;
}

std::vector<fs::path> event_files(const fs::path& folder) {
  return files_of(folder, event_kind);
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
                          const std::string& test, const FileKind& kind) {
  const std::string layout = fmt::format("{}/CLASS/FILE and {}/CLASS/FILE", train, test);
  need_folder(set, root, train, layout);
  need_folder(set, root, test, layout);
  Recipe recipe;
  recipe.class_names = sub_folders(root / train);
  if (recipe.class_names.empty())
    fail(ErrorKind::usage, set, "no class folder in {}: expected {}", (root / train).string(), layout);
  add_part(recipe, root / train, Part::train, kind);
  add_part(recipe, root / test, Part::test, kind);
  recipe.origin =
      fmt::format("Folder '{}' trains and folder '{}' tests, as the data set comes.", train, test);
  return recipe;
}

}  // namespace tern::data::sets
