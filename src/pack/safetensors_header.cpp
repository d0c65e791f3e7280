#include "pack/safetensors_header.hpp"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include <nlohmann/json.hpp>

#include "pack/safetensors.hpp"

namespace tern::pack {
namespace {

using Json = nlohmann::json;  // members by name: ordered_json would look for each among all before it
constexpr auto metadata_key = "__metadata__";

struct Dtype {
  std::string_view name;
  std::int64_t bytes;
};
constexpr Dtype dtypes[] = {{"F64", 8}, {"I64", 8}, {"U64", 8}, {"F32", 4}, {"I32", 4}, {"U32", 4}, {"F16", 2},
                            {"BF16", 2}, {"I16", 2}, {"U16", 2}, {"I8", 1}, {"U8", 1}, {"BOOL", 1}};

/// Refuses what the JSON library would let pass: a name given twice (it keeps one) and nesting deeper than a header's.
class HeaderWatch {
 public:
  explicit HeaderWatch(std::string_view place) : place_(place) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    if (depth > 3) fail(ErrorKind::bad_data, place_, "the header is nested too deeply");
    if (event == Json::parse_event_t::object_start) names_.emplace_back();
    if (event == Json::parse_event_t::object_end && !names_.empty()) names_.pop_back();
    if (event == Json::parse_event_t::key && !names_.back().insert(parsed.get<std::string>()).second)
      fail(ErrorKind::bad_data, place_, "the header names '{}' twice", parsed.get<std::string>());
    return true;
  }

 private:
  std::string_view place_;
  std::vector<std::set<std::string>> names_;
};

std::uint64_t offset_of(const Json& value, const std::string& place) {
  if (!value.is_number_unsigned()) fail(ErrorKind::bad_data, place, "expected an offset, got {}", value.dump());
  return value.get<std::uint64_t>();
}

net::Shape shape_of(const Json& value, const std::string& place) {
  if (!value.is_array()) fail(ErrorKind::bad_data, place, "expected a shape, got {}", value.dump());
  net::Shape shape;
  for (const auto& extent : value) {
    if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > std::uint64_t{1} << 62)
      fail(ErrorKind::bad_data, place, "expected a shape, got {}", value.dump());
    shape.push_back(extent.get<std::int64_t>());
  }
  return shape;
}

HeaderEntry parse_entry(const std::string& name, const Json& json, std::string_view file) {
  const std::string place = fmt::format("{}: tensor '{}'", file, name);
  if (!json.is_object() || json.size() != 3 || !json.contains("dtype") || !json.contains("shape") ||
      !json.contains("data_offsets") || !json.at("dtype").is_string())
    fail(ErrorKind::bad_data, place, "expected dtype, shape and data_offsets, got {}", json.dump());
  const Json& offsets = json.at("data_offsets");
  if (!offsets.is_array() || offsets.size() != 2)
    fail(ErrorKind::bad_data, place, "expected data_offsets [begin, end], got {}", offsets.dump());
  HeaderEntry entry{name, json.at("dtype").get<std::string>(), shape_of(json.at("shape"), place),
                    offset_of(offsets[0], place), offset_of(offsets[1], place)};
  const std::uint64_t bytes = checked_bytes(entry.shape, entry.dtype, place, ErrorKind::bad_data);
  if (entry.end < entry.begin || entry.end - entry.begin != bytes)
    fail(ErrorKind::bad_data, place, "{} {} takes {} bytes, got data_offsets [{}, {}]", entry.dtype,
         net::to_string(entry.shape), bytes, entry.begin, entry.end);
  return entry;
}

void parse_metadata(Header& header, const Json& json, std::string_view place) {
  if (!json.is_object()) fail(ErrorKind::bad_data, place, "{} must be an object of texts", metadata_key);
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) fail(ErrorKind::bad_data, place, "{} '{}': expected a text", metadata_key, key);
    header.metadata[key] = value.get<std::string>();
  }
}

}  // namespace

std::int64_t dtype_bytes(std::string_view dtype, std::string_view place) {
  for (const auto& known : dtypes)
    if (known.name == dtype) return known.bytes;
  fail(ErrorKind::bad_data, place, "unknown dtype '{}'", dtype);
}

std::uint64_t checked_bytes(const net::Shape& shape, std::string_view dtype, std::string_view place, ErrorKind kind) {
  std::int64_t product = dtype_bytes(dtype, place);
  bool empty = false;
  for (const auto extent : shape) {
    if (extent < 0) fail(kind, place, "expected extents of at least 0, got {}", net::to_string(shape));
    empty = empty || extent == 0;
    if (extent > 0 && product > std::numeric_limits<std::int64_t>::max() / extent)
      fail(kind, place, "shape {} overflows", net::to_string(shape));
    if (extent > 0) product *= extent;
  }
  return empty ? 0 : static_cast<std::uint64_t>(product);
}

Header parse_header(std::string_view text, std::string_view place) {
  Header header;
  if (text.empty() || text.front() != '{') fail(ErrorKind::bad_data, place, "the header must begin with '{{'");
  try {
    const Json json = Json::parse(text, HeaderWatch(place));
    for (const auto& [name, value] : json.items()) {
      if (name == metadata_key) parse_metadata(header, value, place);
      else header.entries.push_back(parse_entry(name, value, place));
    }
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, place, "the header is not JSON: {}", error.what());
  }
  std::sort(header.entries.begin(), header.entries.end(), [](const HeaderEntry& a, const HeaderEntry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  return header;
}

std::string print_header(const Header& header) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  if (!header.metadata.empty()) json[metadata_key] = header.metadata;
  try {
    for (const auto& entry : header.entries)
      json[entry.name] = {{"dtype", entry.dtype}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
    return json.dump();
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::usage, "safetensors", "names and metadata must be UTF-8: {}", error.what());
  }
}

}  // namespace tern::pack
