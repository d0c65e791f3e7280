// The options by which commands name a data set.
#pragma once

#include <memory>

#include <CLI/App.hpp>

#include "data/dataset.hpp"

namespace tern::cli {

/// Adds --data, --path, --num-steps, --slicing, --height, --width, --max-per-class, --cache-dir and --data-seed.
std::shared_ptr<data::DataOptions> add_data_options(CLI::App& command);

}  // namespace tern::cli
