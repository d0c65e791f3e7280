// The registry of sparse-to-sparse methods: as sparse at every step as at the end.
#pragma once

#include <string_view>
#include <vector>

#include "compress/prune/dynamics/prune_settings.hpp"

namespace tern::compress {

/// One file each: set.cpp, rigl.cpp, snfs.cpp, topkast.cpp.
const std::vector<SparseTrainingRow>& growth_table();
/// Errors: ErrorKind::usage with the nearest known name.
const SparseTrainingRow& find_growth(std::string_view name);

}  // namespace tern::compress
