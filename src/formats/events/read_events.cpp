#include "formats/events/read_events.hpp"

#include <algorithm>
#include <cctype>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "formats/events/aedat2.hpp"
#include "formats/events/aedat31.hpp"
#include "formats/events/aedat4.hpp"
#include "formats/events/evt2.hpp"
#include "formats/events/evt3.hpp"
#include "formats/events/nmnist_bin.hpp"
#include "formats/events/prophesee_dat.hpp"
#include "formats/events/prophesee_header.hpp"

namespace tern::formats {
namespace {

/// Whether a Prophesee text header announces this encoding.
bool announces(std::string_view bytes, std::string_view encoding) {
  if (!bytes.starts_with("% ")) return false;
  try {
    ByteReader reader(bytes.substr(0, 1 << 16), "");
    return read_prophesee_header(reader).encoding == encoding;
  } catch (const Error&) {
    return false;  // a header that breaks off announces nothing
  }
}

bool sniff_dat(std::string_view bytes) {
  return bytes.starts_with("% ") &&
         bytes.substr(0, 4096).find("% Data file containing") != std::string_view::npos;
}

std::string lower_extension(std::string_view name) {
  std::string extension = std::filesystem::path(name).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return extension;
}

bool has_extension(const EventFormat& format, const std::string& extension) {
  return std::find(format.extensions.begin(), format.extensions.end(), extension) != format.extensions.end();
}

const EventFormat& choose(std::string_view bytes, std::string_view name) {
  for (const EventFormat& format : event_format_table())
    if (format.sniff != nullptr && format.sniff(bytes)) return format;
  const std::string extension = lower_extension(name);
  std::string known;
  for (const EventFormat& format : event_format_table()) {
    if (format.sniff == nullptr && has_extension(format, extension)) return format;
    known += (known.empty() ? "" : ", ") + format.info.name;
  }
  const bool damaged = has_event_extension(std::filesystem::path(name));
  fail(damaged ? ErrorKind::bad_data : ErrorKind::unsupported, fmt::format("{}: byte 0", name),
       "not a known event format (known: {})", known);
}

}  // namespace

const std::vector<EventFormat>& event_format_table() {
  static const std::vector<EventFormat> table{
      {{"nmnist-bin", "N-MNIST, 5 bytes an event, 34 x 34", "Orchard et al. 2015", {}},
       {".bin"},
       nullptr,
       read_nmnist_bin},
      {{"aedat2", "AEDAT 2.0 of a DVS128 (jAER)", "iniVation, AEDAT file formats", {}},
       {".aedat", ".aedat2"},
       [](std::string_view bytes) { return bytes.starts_with("#!AER-DAT2.0"); },
       read_aedat2},
      {{"aedat3.1", "AEDAT 3.1 (cAER), as DVS128 Gesture", "iniVation, AEDAT file formats", {}},
       {".aedat", ".aedat3"},
       [](std::string_view bytes) { return bytes.starts_with("#!AER-DAT3.1"); },
       read_aedat31},
      {{"aedat4", "AEDAT 4.0 (DV), plain, LZ4 or Zstandard", "iniVation, AEDAT file formats", {}},
       {".aedat4"},
       [](std::string_view bytes) { return bytes.starts_with("#!AER-DAT4.0"); },
       read_aedat4},
      {{"evt2", "Prophesee RAW, EVT 2.0", "Prophesee, Metavision SDK documentation", {}},
       {".raw"},
       [](std::string_view bytes) { return announces(bytes, "2.0"); },
       read_evt2},
      {{"evt3", "Prophesee RAW, EVT 3.0", "Prophesee, Metavision SDK documentation", {}},
       {".raw"},
       [](std::string_view bytes) { return announces(bytes, "3.0"); },
       read_evt3},
      {{"dat", "Prophesee DAT version 2, as N-CARS", "Prophesee, Metavision SDK documentation", {}},
       {".dat"},
       sniff_dat,
       read_prophesee_dat},
  };
  return table;
}

bool has_event_extension(const std::filesystem::path& path) {
  const std::string extension = lower_extension(path.string());
  const auto& table = event_format_table();
  return std::any_of(table.begin(), table.end(),
                     [&](const EventFormat& f) { return has_extension(f, extension); });
}

Recording read_events(std::string_view bytes, std::string_view name) {
  if (bytes.empty()) fail(ErrorKind::bad_data, fmt::format("{}: byte 0", name), "the file is empty");
  Recording recording = choose(bytes, name).read(bytes, name);
  if (recording.events.empty())
    fail(ErrorKind::bad_data, fmt::format("{}: byte {}", name, bytes.size()),
         "the file ends without an event");
  return recording;
}

Recording read_events(const std::filesystem::path& path) {
  return read_events(tern::read_file(path), path.string());
}

}  // namespace tern::formats
