// Measurements of kernels on disk: a text file for each processor, instruction set and version of this library.
//
// A line that names what was measured on, then a line for each layer: its text, a tab, then kernel=microseconds for every
// kernel that suits, fastest first; at the end the checksum of all that.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tern::engine {

struct KernelTime {
  std::string kernel;
  double microseconds = 0;  ///< of one frame on one thread; 0: not measured
};

/// By the text of the layer.
using KernelTimes = std::map<std::string, std::vector<KernelTime>>;

/// What measurements depend on besides the layer: version, instruction set, processor and sizes of its caches.
std::string measuring_place();

/// The file of `place` in `folder`.
std::filesystem::path choice_file(const std::string& folder, std::string_view place);

/// What the file holds; nothing where it is absent, damaged or of another place.
KernelTimes read_choices(const std::filesystem::path& file, std::string_view place);

/// Replaces the file as a whole; makes the folder. Errors: ErrorKind::io.
void write_choices(const std::filesystem::path& file, std::string_view place, const KernelTimes& times);

}  // namespace tern::engine
