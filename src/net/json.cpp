#include <cmath>

#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "net/net.hpp"

namespace tern::net {
namespace {

using Json = nlohmann::ordered_json;
constexpr int format_version = 1;

Json attribute_to_json(const Attribute& value) {
  return std::visit([](const auto& v) { return Json(v); }, value);
}

Attribute attribute_from_json(const Json& value, const std::string& place) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    std::vector<std::int64_t> list;
    for (const auto& entry : value) {
      if (!entry.is_number_integer()) fail(ErrorKind::bad_data, place, "expected integers, got {}", value.dump());
      list.push_back(entry.get<std::int64_t>());
    }
    return list;
  }
  fail(ErrorKind::bad_data, place, "expected a number, a word, true, false or a list of integers, got {}", value.dump());
}

void add_node(Net& net, const Json& node, const std::string& place) {
  if (!node.is_object() || !node.contains("name") || !node.contains("op"))
    fail(ErrorKind::bad_data, place, "a node needs \"name\" and \"op\", got {}", node.dump());
  const auto name = node.at("name").get<std::string>();
  std::map<std::string, Attribute> attributes;
  if (node.contains("attributes"))
    for (const auto& [key, value] : node.at("attributes").items())
      attributes[key] = attribute_from_json(value, fmt::format("{}: node '{}', attribute '{}'", place, name, key));
  std::vector<std::string> inputs;
  if (node.contains("inputs")) inputs = node.at("inputs").get<std::vector<std::string>>();
  net.add(name, node.at("op").get<std::string>(), std::move(inputs), std::move(attributes));
}

}  // namespace

std::string to_json(const Net& net, int indent) {
  Json json{{"format", "tern.net"}, {"version", format_version}, {"name", net.name()}, {"num_steps", net.num_steps()}};
  json["nodes"] = Json::array();
  for (const auto& node : net.nodes()) {
    Json entry{{"name", node.name}, {"op", node.op}};
    if (!node.inputs.empty()) entry["inputs"] = node.inputs;
    if (!node.attributes.empty()) entry["attributes"] = Json::object();
    for (const auto& [key, value] : node.attributes) entry["attributes"][key] = attribute_to_json(value);
    json["nodes"].push_back(std::move(entry));
  }
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Net from_json(std::string_view text, std::string_view place_view) {
  const std::string place(place_view);
  try {
    const Json json = Json::parse(text);
    if (!json.is_object() || json.value("format", "") != "tern.net")
      fail(ErrorKind::bad_data, place, "not a Net: \"format\" must be \"tern.net\"");
    if (json.value("version", 0) != format_version)
      fail(ErrorKind::unsupported, place, "Net version {} (this build reads version {})", json.value("version", 0),
           format_version);
    Net net(json.value("name", "net"), json.value("num_steps", std::int64_t{0}));
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
