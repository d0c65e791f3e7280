#include <algorithm>
#include <cstdlib>
#include <memory>

#include "base/error.hpp"
#include "data/sets/sets.hpp"
#include "formats/archive.hpp"
#include "formats/events/read_events.hpp"

namespace tern::data::sets {
namespace {

namespace fs = std::filesystem;
constexpr const char* archive_name = "nmnist-mini.tar.xz";

/// Where the bundled archive may lie, first choice first.
std::vector<fs::path> places() {
  std::vector<fs::path> found;
  if (const char* set = std::getenv("TERN_DATA_DIR"); set != nullptr && *set != '\0') found.emplace_back(set);
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  if (!failure) found.push_back(program.parent_path().parent_path() / "share/tern/data");
  found.emplace_back(TERN_DATA_SOURCE_DIR);
  found.emplace_back(TERN_DATA_INSTALL_DIR);
  return found;
}

fs::path find_archive(const DataOptions& options) {
  if (!options.path.empty())
    return fs::is_directory(options.path) ? options.path / archive_name : options.path;
  std::string tried;
  for (const fs::path& place : places()) {
    if (fs::is_regular_file(place / archive_name)) return place / archive_name;
    tried += fmt::format(" {}", place.string());
  }
  fail(ErrorKind::usage, "nmnist-mini", "{} is not in{}: set TERN_DATA_DIR to its folder", archive_name,
       tried);
}

struct Entry {
  Part part;
  std::string digit;
  std::string name;
  std::shared_ptr<const std::string> bytes;
};

/// Train/6/00019.bin.
Entry entry_of(const fs::path& archive, const std::string& name, std::string bytes) {
  const std::size_t first = name.find('/');
  const std::size_t second = name.find('/', first == std::string::npos ? first : first + 1);
  const std::string part = name.substr(0, first);
  if (second == std::string::npos || second != first + 2 || (part != "Train" && part != "Test"))
    fail(ErrorKind::bad_data, archive.string() + ": " + name, "expected Train/DIGIT/FILE or Test/DIGIT/FILE");
  return {part == "Train" ? Part::train : Part::test, name.substr(first + 1, 1), name,
          std::make_shared<const std::string>(std::move(bytes))};
}

Source source_of(const Entry& entry, std::int32_t label) {
  return {entry.part, label, entry.name, 1, [entry, label] {
            std::vector<EventSample> samples(1);
            samples[0] = {label, entry.name, formats::read_events(*entry.bytes, entry.name), {}};
            return samples;
          }};
}

Recipe list_nmnist_mini(const DataOptions& options) {
  const fs::path archive = find_archive(options);
  std::vector<Entry> entries;
  formats::for_each_file(archive, [&](const std::string& name, std::string bytes) {
    entries.push_back(entry_of(archive, name, std::move(bytes)));
  });
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.name < b.name; });
  Recipe recipe;
  for (const Entry& entry : entries)
    if (entry.part == Part::train) recipe.class_names.push_back(entry.digit);
  std::sort(recipe.class_names.begin(), recipe.class_names.end());
  recipe.class_names.erase(std::unique(recipe.class_names.begin(), recipe.class_names.end()),
                           recipe.class_names.end());
  for (const Entry& entry : entries) {
    const auto found = std::find(recipe.class_names.begin(), recipe.class_names.end(), entry.digit);
    if (found == recipe.class_names.end())
      fail(ErrorKind::bad_data, archive.string() + ": " + entry.name, "class '{}' has no training sample",
           entry.digit);
    recipe.sources.push_back(source_of(entry, static_cast<std::int32_t>(found - recipe.class_names.begin())));
  }
  recipe.files = {archive};
  recipe.origin =
      "A balanced subset of N-MNIST, digits 6 to 9: Train trains and Test tests. Both are cut from the "
      "official "
      "training part, so results are not comparable with published ones.";
  return recipe;
}

}  // namespace

const DataSet nmnist_mini{
    .row = {.info = {"nmnist-mini",
                     "the bundled subset of N-MNIST, digits 6 to 9: needs no download",
                     "Orchard, Jayawant, Cohen, Thakor 2015",
                     {}},
            .needs_path = false,
            .defaults = {.num_steps = 10, .slicing = "count"}},
    .list = list_nmnist_mini,
};

}  // namespace tern::data::sets
