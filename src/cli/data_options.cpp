#include "cli/data_options.hpp"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace tern::cli {

std::shared_ptr<data::DataOptions> add_data_options(CLI::App& command) {
  auto o = std::make_shared<data::DataOptions>();
  command.add_option("--data", o->name, "data set (tern list data-sets)")->capture_default_str();
  command.add_option("--path", o->path, "its folder; sets that come with the system need none");
  command.add_option("--num-steps", o->num_steps, "steps a sample (default: the set's own)");
  command.add_option("--slicing", o->slicing, "count or time");
  command.add_option("--window-ms", o->window_ms, "length of a sample where recordings are cut");
  command.add_option("--height", o->height, "target height of frames");
  command.add_option("--width", o->width, "target width of frames");
  command.add_option("--denoise-us", o->denoise_us, "drop events without a neighbour within this time");
  command.add_option("--transforms", o->transforms, "further steps (tern list transforms)");
  command.add_option("--validation-fraction", o->validation_fraction, "of the training part (default: the set's own)");
  command.add_option("--max-per-class", o->max_per_class, "so many samples of a class at most");
  command.add_option("--cache-dir", o->cache_dir, "keep framed data here for the next run");
  command.add_option("--data-seed", o->seed, "of the split");
  return o;
}

}  // namespace tern::cli
