// Every event format behind one call.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "formats/events/recording.hpp"

namespace tern::formats {

/// One row of the registry.
struct EventFormat {
  MethodInfo info;
  std::vector<std::string> extensions;    ///< with the dot, lower case
  bool (*sniff)(std::string_view bytes);  ///< whether the content is of this format; null: it has no mark
  Recording (*read)(std::string_view bytes, std::string_view name);
};

/// The registry: nmnist-bin, aedat2, aedat3.1, aedat4, evt2, evt3, dat.
const std::vector<EventFormat>& event_format_table();

/// Whether the extension of `path` is one of the table's.
bool has_event_extension(const std::filesystem::path& path);

/// Reads events from `bytes`; `name` chooses by its extension where the content has no mark, and stands in
/// messages. The content decides first. The result has at least one event. Errors: bad_data (empty file or no
/// event; otherwise as the format's reader says: the place is "NAME: byte N"); unsupported (neither content
/// nor extension is known).
Recording read_events(std::string_view bytes, std::string_view name);

/// The same for a file. Errors: io as well.
Recording read_events(const std::filesystem::path& path);

}  // namespace tern::formats
