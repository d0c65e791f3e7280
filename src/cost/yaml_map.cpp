#include "cost/yaml_map.hpp"

#include <cmath>
#include <cstdint>

#include "base/error.hpp"
#include "base/registry.hpp"

namespace tern::cost {
namespace {

template <typename Value>
Value as(const YAML::Node& node, std::string_view type, const std::string& place) {
  try {
    if (node.IsScalar()) return node.as<Value>();
  } catch (const YAML::Exception&) {
  }
  fail(ErrorKind::bad_data, place, "expected {}, got {}", type,
       node.IsScalar() ? "'" + node.Scalar() + "'" : "a list or map");
}

}  // namespace

YAML::Node parse_yaml_map(std::string_view text, std::string_view place) {
  try {
    YAML::Node root = YAML::Load(std::string(text));
    if (root.IsMap()) return root;
  } catch (const YAML::Exception& error) {
    fail(ErrorKind::bad_data, place, "line {}: {}", error.mark.line + 1, error.msg);
  }
  fail(ErrorKind::bad_data, place, "expected a YAML map");
}

YamlMap::YamlMap(YAML::Node node, std::string place) : node_(std::move(node)), place_(std::move(place)) {
  if (!node_.IsMap()) fail(ErrorKind::bad_data, place_, "expected a map");
  std::set<std::string> seen;
  for (const auto& entry : node_) {
    if (!entry.first.IsScalar()) fail(ErrorKind::bad_data, place_, "a key is no name");
    if (!seen.insert(entry.first.Scalar()).second)
      fail(ErrorKind::bad_data, place_, "key '{}' stands twice", entry.first.Scalar());
  }
}

std::string YamlMap::place_of(const std::string& key) const {
  return place_ + ": " + key;
}

bool YamlMap::has(const std::string& key) {
  asked_.insert(key);
  return static_cast<bool>(static_cast<const YAML::Node&>(node_)[key]);
}

YAML::Node YamlMap::get(const std::string& key) {
  if (!has(key)) fail(ErrorKind::bad_data, place_, "key '{}' is missing", key);
  return static_cast<const YAML::Node&>(node_)[key];
}

double YamlMap::real(const std::string& key, double low, double high) {
  const auto value = as<double>(get(key), "a number", place_of(key));
  if (!(value >= low && value <= high))
    fail(ErrorKind::bad_data, place_of(key), "expected a number in [{}, {}], got {}", low, high, value);
  return value;
}

double YamlMap::real_or(const std::string& key, double fallback, double low, double high) {
  return has(key) ? real(key, low, high) : fallback;
}

std::int64_t YamlMap::integer(const std::string& key, std::int64_t low, std::int64_t high) {
  const auto value = as<std::int64_t>(get(key), "an integer", place_of(key));
  if (value < low || value > high)
    fail(ErrorKind::bad_data, place_of(key), "expected an integer in [{}, {}], got {}", low, high, value);
  return value;
}

std::int64_t YamlMap::integer_or(const std::string& key, std::int64_t fallback, std::int64_t low,
                                 std::int64_t high) {
  return has(key) ? integer(key, low, high) : fallback;
}

bool YamlMap::flag_or(const std::string& key, bool fallback) {
  return has(key) ? as<bool>(get(key), "true or false", place_of(key)) : fallback;
}

std::string YamlMap::text(const std::string& key) {
  return as<std::string>(get(key), "text", place_of(key));
}

std::string YamlMap::text_or(const std::string& key, std::string fallback) {
  return has(key) ? text(key) : std::move(fallback);
}

std::vector<std::string> YamlMap::texts_or_empty(const std::string& key) {
  std::vector<std::string> texts;
  if (!has(key)) return texts;
  const YAML::Node list = get(key);
  if (!list.IsSequence()) fail(ErrorKind::bad_data, place_of(key), "expected a list");
  for (const auto& entry : list) texts.push_back(as<std::string>(entry, "text", place_of(key)));
  return texts;
}

YamlMap YamlMap::map(const std::string& key) {
  return YamlMap(get(key), place_of(key));
}

std::vector<YamlMap> YamlMap::maps(const std::string& key) {
  const YAML::Node list = get(key);
  if (!list.IsSequence()) fail(ErrorKind::bad_data, place_of(key), "expected a list of maps");
  std::vector<YamlMap> maps;
  for (const auto& entry : list) maps.emplace_back(entry, fmt::format("{}[{}]", place_of(key), maps.size()));
  return maps;
}

std::vector<std::string> YamlMap::names() {
  std::vector<std::string> names;
  for (const auto& entry : node_) names.push_back(entry.first.Scalar());
  asked_.insert(names.begin(), names.end());
  return names;
}

void YamlMap::finish() const {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  for (const auto& entry : node_)
    if (!asked_.count(entry.first.Scalar())) fail_unknown("key", entry.first.Scalar(), known, place_);
}

}  // namespace tern::cost
