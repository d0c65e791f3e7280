#include "data/dataset.hpp"

#include <cmath>
#include <optional>
#include <utility>

#include "base/error.hpp"
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

void check_options(const DataOptions& options, const sets::DataSet& set) {
  check("num_steps", static_cast<double>(options.num_steps), 1, 1024);
  check("height", static_cast<double>(options.height), 0, 4096);
  check("width", static_cast<double>(options.width), 0, 4096);
  check("step_ms", options.step_ms, 0, 1e6);
  check("window_ms", options.window_ms, 0, 1e6);
  check("denoise_us", static_cast<double>(options.denoise_us), 0, 1e9);
  check("validation_fraction", options.validation_fraction, 0, 0.9);
  check("max_per_class", static_cast<double>(options.max_per_class), 0, 1e12);
  if ((options.height == 0) != (options.width == 0))
    fail(ErrorKind::usage, "data", "give height and width, or neither: got {} x {}", options.height, options.width);
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
  if (options.path.empty() && set.row.needs_path)
    fail(ErrorKind::usage, "data", "'{}' needs path: {}", options.name, set.row.info.summary);
  parse_transforms(options.transforms);
}

}  // namespace

const std::vector<DataSetRow>& data_set_table() {
  static const std::vector<DataSetRow> rows = [] {
    std::vector<DataSetRow> all;
    for (const sets::DataSet& set : sets::table()) all.push_back(set.row);
    return all;
  }();
  return rows;
}

DataOptions resolve(const DataOptions& options) {
  const sets::DataSet& set = find_set(options.name);
  const DataOptions& defaults = set.row.defaults;
  DataOptions resolved = options;
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
  const sets::DataSet& set = find_set(resolved.name);
  const Recipe recipe = set.list(resolved);
  // The bundled set is one archive, unpacked above: a cache would save nothing.
  if (resolved.cache_dir.empty() || !set.row.needs_path) return build(recipe, resolved, progress);
  const std::string key = cache_key(recipe, resolved);
  const std::filesystem::path path = cache_path(resolved, key);
  if (std::optional<FrameDataset> cached = read_cache(path, key)) return std::move(*cached);
  FrameDataset data = build(recipe, resolved, progress);
  write_cache(path, key, data);
  return data;
}

}  // namespace tern::data
