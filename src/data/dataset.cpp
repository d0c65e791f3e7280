#include "data/dataset.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include "base/error.hpp"
#include "base/log.hpp"
#include "data/cache.hpp"
#include "data/sample_transform.hpp"
#include "data/sets/sets.hpp"

namespace tern::data {
namespace {

const sets::DataSet& find_set(std::string_view name) {
  return find_method(sets::table(), "data set", name, [](const sets::DataSet& set) { return set.row.info; });
}

/// Throws usage unless low <= value <= high.
void check(const char* name, double value, double low, double high) {
  if (!(value >= low && value <= high))
    fail(ErrorKind::usage, "data", "{}: expected {:g}..{:g}, got {:g}", name, low, high, value);
}

/// Images are one step of pixels: whatever cuts, counts or changes events is a mistake.
void check_image_options(const DataOptions& options) {
  if (options.num_steps != 1)
    fail(ErrorKind::usage, "data", "num_steps: the samples of '{}' are images of one step, got {}",
         options.name, options.num_steps);
  const std::pair<const char*, bool> given[] = {{"slicing", !options.slicing.empty()},
                                                {"step_ms", options.step_ms != 0},
                                                {"window_ms", options.window_ms != 0},
                                                {"height", options.height != 0},
                                                {"width", options.width != 0},
                                                {"denoise_us", options.denoise_us != 0},
                                                {"transforms", !options.transforms.empty()}};
  for (const auto& [name, is_given] : given)
    if (is_given)
      fail(ErrorKind::usage, "data", "{}: is for event recordings, '{}' holds images", name, options.name);
}

void check_event_options(const DataOptions& options, const sets::DataSet& set) {
  check("num_steps", static_cast<double>(options.num_steps), 1, 1024);
  check("height", static_cast<double>(options.height), 0, 4096);
  check("width", static_cast<double>(options.width), 0, 4096);
  check("step_ms", options.step_ms, 0, 1e6);
  check("window_ms", options.window_ms, 0, 1e6);
  check("denoise_us", static_cast<double>(options.denoise_us), 0, 1e9);
  if ((options.height == 0) != (options.width == 0))
    fail(ErrorKind::usage, "data", "give height and width, or neither: got {} x {}", options.height,
         options.width);
  if (options.slicing != "count" && options.slicing != "time")
    fail(ErrorKind::usage, "data", "slicing: expected count or time, got '{}'", options.slicing);
  if (options.step_ms > 0 && options.slicing != "time")
    fail(ErrorKind::usage, "data", "step_ms needs slicing=time, got slicing={}", options.slicing);
  if (options.step_ms > 0 && std::llround(options.step_ms * 1000) < 1)
    fail(ErrorKind::usage, "data", "step_ms: at least 0.001, got {:g}", options.step_ms);
  if (options.window_ms > 0 && set.row.defaults.window_ms == 0)
    fail(ErrorKind::usage, "data", "window_ms: '{}' is not cut into windows", options.name);
  if (options.window_ms > 0 && options.window_ms < 0.001)
    fail(ErrorKind::usage, "data", "window_ms: at least 0.001, got {:g}", options.window_ms);
  parse_transforms(options.transforms);
}

void check_options(const DataOptions& options, const sets::DataSet& set) {
  check("validation_fraction", options.validation_fraction, 0, 0.9);
  check("max_per_class", static_cast<double>(options.max_per_class), 0, 1e12);
  if (set.row.images)
    check_image_options(options);
  else
    check_event_options(options, set);
  if (options.path.empty() && set.row.needs_path)
    fail(ErrorKind::usage, "data", "'{}' needs path: {}", options.name, set.row.info.summary);
}

std::vector<ParameterInfo> parameters_of(const DataSetRow& row) {
  const DataOptions& set = row.defaults;
  std::vector<ParameterInfo> all{
      {"path", "string", "", "",
       row.needs_path ? "folder of the data set" : "where its files are, if not in their usual place"}};
  const std::vector<ParameterInfo> of_events{
      {"num_steps", "int", std::to_string(set.num_steps), "1..1024", "steps a sample"},
      {"slicing", "string", set.slicing, "count|time", "steps of equal event count or of equal time"},
      {"step_ms", "float", "0", "0..1e6", "fixed length of a step; 0 = length of the sample / num_steps"},
      {"height", "int", std::to_string(set.height), "0..4096", "height of the frames; 0 = the sensor's"},
      {"width", "int", std::to_string(set.width), "0..4096", "width of the frames; 0 = the sensor's"},
      {"denoise_us", "int", "0", "0..1e9", "drop events without a neighbour this recent; 0 = keep all"},
      {"transforms", "string", "", "", "further steps on events: flip_x | crop_time:stop_us=100000"}};
  if (!row.images) all.insert(all.end(), of_events.begin(), of_events.end());
  const std::vector<ParameterInfo> of_all{
      {"validation_fraction", "float", fmt::format("{:.4g}", default_validation_fraction(row.info.name)),
       "0..0.9", "part of the training samples held for validation"},
      {"max_per_class", "int", "0", ">= 0", "so many samples of a class at most; 0 = all"},
      {"seed", "int", "0", ">= 0", "of the split and of random transforms"},
      {"cache_dir", "string", "", "", "where frames are kept for the next run"}};
  all.insert(all.end(), of_all.begin(), of_all.end());
  if (set.window_ms > 0)
    all.push_back({"window_ms", "float", fmt::format("{:g}", set.window_ms), "> 0", "length of a sample"});
  return all;
}

/// The cache saves time only: where it cannot be written the data are good all the same.
void store(const std::filesystem::path& path, const std::string& key, const FrameDataset& data) {
  try {
    write_cache(path, key, data);
  } catch (const Error& error) {
    log(LogLevel::warning, fmt::format("the cache is not written: {}", error.what()));
  }
}

FrameDataset load(const DataOptions& resolved, const ProgressCallback& progress) {
  const sets::DataSet& set = find_set(resolved.name);
  const Recipe recipe = set.list(resolved);
  // Sets that come with the system are one archive or few files, unpacked above: a cache would save nothing.
  if (resolved.cache_dir.empty() || !set.row.needs_path) return build(recipe, resolved, progress);
  const std::string key = cache_key(recipe, resolved);
  const std::filesystem::path path = cache_path(resolved, key);
  if (std::optional<FrameDataset> cached = read_cache(path, key)) return std::move(*cached);
  FrameDataset data = build(recipe, resolved, progress);
  store(path, key, data);
  return data;
}

}  // namespace

const std::vector<DataSetRow>& data_set_table() {
  static const std::vector<DataSetRow> rows = [] {
    std::vector<DataSetRow> all;
    for (const sets::DataSet& set : sets::table()) {
      all.push_back(set.row);
      all.back().info.parameters = parameters_of(set.row);
    }
    return all;
  }();
  return rows;
}

double default_validation_fraction(std::string_view name) {
  constexpr double usual = 0.1;
  for (const sets::DataSet& set : sets::table())
    if (set.row.info.name == name && set.row.defaults.validation_fraction >= 0)
      return set.row.defaults.validation_fraction;
  return usual;
}

DataOptions resolve(const DataOptions& options) {
  const sets::DataSet& set = find_set(options.name);
  const DataOptions& defaults = set.row.defaults;
  DataOptions resolved = options;
  if (resolved.validation_fraction == -1)
    resolved.validation_fraction = default_validation_fraction(options.name);
  if (resolved.num_steps == 0) resolved.num_steps = defaults.num_steps;
  if (resolved.slicing.empty()) resolved.slicing = resolved.step_ms > 0 ? "time" : defaults.slicing;
  if (resolved.window_ms == 0) resolved.window_ms = defaults.window_ms;
  if (resolved.height == 0 && resolved.width == 0) {
    resolved.height = defaults.height;
    resolved.width = defaults.width;
  }
  check_options(resolved, set);
  return resolved;
}

FrameDataset load_data_set(const DataOptions& options, const ProgressCallback& progress) {
  const DataOptions resolved = resolve(options);
  try {
    return load(resolved, progress);
  } catch (
      const std::filesystem::filesystem_error& error) {  // a folder we may not read, a file that vanished
    fail(ErrorKind::io, resolved.path.string(), "{}", error.code().message());
  }
}

}  // namespace tern::data
