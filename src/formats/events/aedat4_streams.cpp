#include "formats/events/aedat4_streams.hpp"

#include <charconv>
#include <string>
#include <vector>

namespace tern::formats::aedat4 {
namespace {

int number_in(std::string_view text, int fallback) {
  int value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

/// The value of `attribute` in a tag such as node name="0" path="/": what stands between its quotes.
std::string_view quoted(std::string_view tag, std::string_view attribute) {
  const std::size_t at = tag.find(std::string(attribute) + "=\"");
  if (at == std::string_view::npos) return {};
  const std::string_view rest = tag.substr(at + attribute.size() + 2);
  return rest.substr(0, rest.find('"'));
}

/// Called for each attribute with the names of the nodes around it.
void note(Streams& streams, const std::vector<std::string_view>& path, std::string_view key,
          std::string_view value) {
  if (path.size() < 2 || path[0] != "outInfo") return;
  const int stream = number_in(path[1], -1);
  if (key == "typeIdentifier" && stream >= 0) {
    streams.all.insert(stream);
    if (value == "EVTS" && streams.events < 0) streams.events = stream;
  }
  const int size = number_in(value, 0);
  if (stream < 0 || stream != streams.events || size < 1 || size >= 32767) return;
  if (key == "sizeX") streams.width = size;
  if (key == "sizeY") streams.height = size;
}

}  // namespace

Streams find_streams(std::string_view xml) {
  Streams streams;
  std::vector<std::string_view> path;
  for (std::size_t open = xml.find('<'); open != std::string_view::npos; open = xml.find('<', open + 1)) {
    const std::size_t close = xml.find('>', open);
    if (close == std::string_view::npos) break;
    const std::string_view tag = xml.substr(open + 1, close - open - 1);
    if (tag.starts_with("node") && !tag.ends_with('/')) path.push_back(quoted(tag, "name"));
    if (tag.starts_with("/node") && !path.empty()) path.pop_back();
    if (tag.starts_with("attr")) {
      const std::string_view rest = xml.substr(close + 1);
      note(streams, path, quoted(tag, "key"), rest.substr(0, rest.find('<')));
    }
  }
  if (streams.width == 0 || streams.height == 0) streams.width = streams.height = 0;
  return streams;
}

}  // namespace tern::formats::aedat4
