// Framed data sets on disk, so that the next run need not read the recordings again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "data/recipe.hpp"

namespace tern::data {

/// Everything the frames depend on, as text: version of this format, data set, transform, split, and name,
/// size and time of last change of every file.
std::string cache_key(const Recipe& recipe, const DataOptions& resolved);

/// cache_dir/NAME-HASH.frames.
std::filesystem::path cache_path(const DataOptions& resolved, const std::string& key);

/// The data set stored under `key`; nothing where there is no file. A damaged file or one of another key also
/// gives nothing and is reported by log(): the caller builds it anew.
std::optional<FrameDataset> read_cache(const std::filesystem::path& path, const std::string& key);

/// Stores it, whole or not at all. Layout: "TERNFRM2", a 64-bit length and that much JSON (key, names,
/// shape, scale), for each part labels (int32) and frames (uint8), then the 64-bit FNV-1a of all bytes before.
/// Little-endian. Errors: io.
void write_cache(const std::filesystem::path& path, const std::string& key, const FrameDataset& data);

}  // namespace tern::data
