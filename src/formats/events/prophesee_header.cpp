#include "formats/events/prophesee_header.hpp"

#include <charconv>

namespace tern::formats {
namespace {

/// The number at the start of `text`, 0 where there is none or it is no size of a sensor.
int size_from(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && value > 0 && value < 32767 ? value : 0;
}

void read_geometry(std::string_view value, PropheseeHeader& header) {
  const std::size_t cross = value.find('x');
  if (cross == std::string_view::npos) return;
  header.width = size_from(value);
  header.height = size_from(value.substr(cross + 1));
}

void read_format(std::string_view value, PropheseeHeader& header) {
  if (value.starts_with("EVT2") && !value.starts_with("EVT21")) header.encoding = "2.0";
  if (value.starts_with("EVT21")) header.encoding = "2.1";
  if (value.starts_with("EVT3")) header.encoding = "3.0";
  if (const auto at = value.find("width="); at != std::string_view::npos)
    header.width = size_from(value.substr(at + 6));
  if (const auto at = value.find("height="); at != std::string_view::npos)
    header.height = size_from(value.substr(at + 7));
}

void read_plugin(std::string_view value, PropheseeHeader& header) {
  if (header.width > 0) return;
  if (value.find("gen3") != std::string_view::npos) header.width = 640, header.height = 480;
  if (value.find("gen4") != std::string_view::npos) header.width = 1280, header.height = 720;
}

}  // namespace

PropheseeHeader read_prophesee_header(ByteReader& reader) {
  PropheseeHeader header;
  while (reader.looking_at("% ")) {
    std::string_view line = reader.line().substr(2);
    const std::size_t space = line.find(' ');
    const std::string_view keyword = line.substr(0, space);
    const std::string_view value = space == std::string_view::npos ? "" : line.substr(space + 1);
    if (keyword == "geometry") read_geometry(value, header);
    if (keyword == "format") read_format(value, header);
    if (keyword == "plugin_name") read_plugin(value, header);
    if (keyword == "evt") header.encoding = std::string(value);
    if (keyword == "Width") header.width = size_from(value);
    if (keyword == "Height") header.height = size_from(value);
    if (keyword == "Version") header.version = size_from(value);
    if (keyword == "end") break;
  }
  if (header.width == 0 || header.height == 0) header.width = header.height = 0;
  return header;
}

}  // namespace tern::formats
