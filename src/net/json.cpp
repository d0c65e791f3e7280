#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "net/net.hpp"

namespace tern::net {
namespace {

using Json = nlohmann::json;
constexpr int format_version = 1;

nlohmann::ordered_json attribute_to_json(const Attribute& value) {
  return std::visit([](const auto& v) { return nlohmann::ordered_json(v); }, value);
}

/// Said only when something is wrong: names may be long and many.
struct Place {
  std::string_view file, node, attribute;
  operator std::string() const {
    return node.empty() ? std::string(file) : fmt::format("{}: node '{}', attribute '{}'", file, node, attribute);
  }
};

std::int64_t integer_of(const Json& value, const Place& place) {
  if (!value.is_number_integer()) fail(ErrorKind::bad_data, std::string(place), "expected an integer, got {}", value.dump());
  if (value.is_number_unsigned() && value.get<std::uint64_t>() >> 63 != 0)
    fail(ErrorKind::bad_data, std::string(place), "{} is beyond 2^63", value.dump());
  return value.get<std::int64_t>();
}

/// Stops reading at JSON nested deeper than a Net is: whoever walks it would recurse as deeply.
bool is_shallow(int depth, Json::parse_event_t, const Json&) {
  if (depth > 8) fail(ErrorKind::bad_data, {}, "the Net is nested too deeply");
  return true;
}

Attribute attribute_from_json(const Json& value, const Place& place) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return integer_of(value, place);
  if (value.is_number_float()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::vector<std::int64_t> list;
    for (const auto& entry : value) {
      if (!entry.is_number_integer()) fail(ErrorKind::bad_data, std::string(place), "expected integers, got {}", value.dump());
      list.push_back(integer_of(entry, place));
    }
    return list;
  }
  fail(ErrorKind::bad_data, std::string(place), "expected a number, a word, true, false or a list of integers, got {}", value.dump());
}

void add_node(Net& net, const Json& node, const std::string& place) {
  if (!node.is_object() || !node.contains("name") || !node.contains("op"))
    fail(ErrorKind::bad_data, place, "a node needs \"name\" and \"op\", got {}", node.dump());
  const auto name = node.at("name").get<std::string>();
  std::map<std::string, Attribute> attributes;
  if (node.contains("attributes"))
    for (const auto& [key, value] : node.at("attributes").items())
      attributes[key] = attribute_from_json(value, {place, name, key});
  std::vector<std::string> inputs;
  if (node.contains("inputs")) inputs = node.at("inputs").get<std::vector<std::string>>();
  net.add(name, node.at("op").get<std::string>(), std::move(inputs), std::move(attributes));
}

}  // namespace

std::string to_json(const Net& net, int indent) {
  nlohmann::ordered_json json{{"format", "tern.net"}, {"version", format_version}, {"name", net.name()}, {"num_steps", net.num_steps()}};
  json["nodes"] = nlohmann::ordered_json::array();
  for (const auto& node : net.nodes()) {
    nlohmann::ordered_json entry{{"name", node.name}, {"op", node.op}};
    if (!node.inputs.empty()) entry["inputs"] = node.inputs;
    if (!node.attributes.empty()) entry["attributes"] = nlohmann::ordered_json::object();
    for (const auto& [key, value] : node.attributes) entry["attributes"][key] = attribute_to_json(value);
    json["nodes"].push_back(std::move(entry));
  }
  return json.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace);
}

Net from_json(std::string_view text, std::string_view place_view) {
  const std::string place(place_view);
  try {
    const Json json = Json::parse(text, is_shallow);
    if (!json.is_object() || json.value("format", "") != "tern.net")
      fail(ErrorKind::bad_data, place, "not a Net: \"format\" must be \"tern.net\"");
    const std::int64_t version = json.contains("version") ? integer_of(json["version"], {place, {}, {}}) : 0;
    if (version != format_version)
      fail(ErrorKind::unsupported, place, "Net version {} (this build reads version {})", version, format_version);
    const std::int64_t num_steps = json.contains("num_steps") ? integer_of(json["num_steps"], {place, {}, {}}) : 0;
    Net net(json.value("name", "net"), num_steps);
    for (const auto& node : json.at("nodes")) add_node(net, node, place);
    if (net.nodes().empty()) fail(ErrorKind::bad_data, place, "the Net has no nodes");
    return net;
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorKind::bad_data, place, "not a Net: {}", error.what());
  } catch (const Error& error) {
    if (error.place().rfind(place, 0) == 0) throw;
    throw error.within(place);
  }
}

}  // namespace tern::net
