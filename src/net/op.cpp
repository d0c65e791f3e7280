#include "net/op.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "base/error.hpp"

namespace tern::net {
namespace {

std::string place_of(const Node& node) { return fmt::format("node '{}' ({})", node.name, node.op); }

template <typename T>
const T& attribute(const Node& node, std::string_view name) {
  const auto found = node.attributes.find(std::string(name));
  if (found == node.attributes.end() || !std::holds_alternative<T>(found->second))
    fail(ErrorKind::internal, place_of(node), "attribute '{}' was not resolved", name);
  return std::get<T>(found->second);
}

/// Takes what stands before the first `separator` off the front of `text`.
std::string take_item(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string item(text.substr(0, at));
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return item;
}

std::vector<std::int64_t> parse_int_list(std::string_view text) {
  std::vector<std::int64_t> values;
  while (!text.empty()) values.push_back(std::strtoll(take_item(text, ',').c_str(), nullptr, 10));
  return values;
}

Attribute parse_default(const ParameterInfo& parameter) {
  if (parameter.type == "int") return static_cast<std::int64_t>(std::strtoll(parameter.fallback.c_str(), nullptr, 10));
  if (parameter.type == "float") return std::strtod(parameter.fallback.c_str(), nullptr);
  if (parameter.type == "bool") return parameter.fallback == "true";
  if (parameter.type == "int list") return parse_int_list(parameter.fallback);
  return parameter.fallback;
}

/// The value in the parameter's own type (an int serves as a float or as a list of one), or nothing.
std::optional<Attribute> convert(const Attribute& value, const std::string& type) {
  const auto* integer = std::get_if<std::int64_t>(&value);
  if (type == "int" && integer) return value;
  if (type == "float" && integer) return static_cast<double>(*integer);
  if (type == "float" && std::holds_alternative<double>(value)) return value;
  if (type == "bool" && std::holds_alternative<bool>(value)) return value;
  if (type == "string" && std::holds_alternative<std::string>(value)) return value;
  if (type == "int list" && integer) return std::vector<std::int64_t>{*integer};
  if (type == "int list" && std::holds_alternative<std::vector<std::int64_t>>(value)) return value;
  return std::nullopt;
}

bool choice_allows(std::string_view range, const std::string& value) {
  while (!range.empty())
    if (take_item(range, '|') == value) return true;
  return false;
}

constexpr double largest_integer = 1 << 20;

/// Integers beyond 2^20 are no extents of a network; refusing them keeps every product of extents from overflowing.
bool integers_are_sane(const Attribute& value) {
  const auto sane = [](std::int64_t n) { return std::abs(static_cast<double>(n)) <= largest_integer; };
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return sane(*integer);
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value))
    return std::all_of(list->begin(), list->end(), sane);
  return true;
}

/// Numbers that the arithmetic of networks, float32, cannot hold are no parameters of one.
bool real_is_sane(const Attribute& value) {
  const auto* real = std::get_if<double>(&value);
  return !real || std::abs(*real) <= static_cast<double>(std::numeric_limits<float>::max());
}

/// Ranges are "> X", ">= X" or "X..Y" (both ends included); every entry of a list must obey.
bool number_allowed(const std::string& range, double value) {
  if (range.rfind(">= ", 0) == 0) return value >= std::strtod(range.c_str() + 3, nullptr);
  if (range.rfind("> ", 0) == 0) return value > std::strtod(range.c_str() + 2, nullptr);
  const auto dots = range.find("..");
  if (dots == std::string::npos) return true;
  return value >= std::strtod(range.c_str(), nullptr) && value <= std::strtod(range.c_str() + dots + 2, nullptr);
}

bool in_range(const ParameterInfo& parameter, const Attribute& value) {
  if (parameter.range.empty()) return true;
  if (const auto* text = std::get_if<std::string>(&value)) return choice_allows(parameter.range, *text);
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return number_allowed(parameter.range, static_cast<double>(*integer));
  if (const auto* real = std::get_if<double>(&value)) return number_allowed(parameter.range, *real);
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) {
    for (const auto entry : *list)
      if (!number_allowed(parameter.range, static_cast<double>(entry))) return false;
  }
  return true;
}

}  // namespace

bool OpContext::flag(std::string_view name) const { return attribute<bool>(node, name); }
std::int64_t OpContext::integer(std::string_view name) const { return attribute<std::int64_t>(node, name); }
double OpContext::real(std::string_view name) const { return attribute<double>(node, name); }
const std::string& OpContext::text(std::string_view name) const { return attribute<std::string>(node, name); }

const std::vector<std::int64_t>& OpContext::integers(std::string_view name) const {
  return attribute<std::vector<std::int64_t>>(node, name);
}

std::pair<std::int64_t, std::int64_t> OpContext::pair(std::string_view name) const {
  const auto& values = integers(name);
  if (values.empty() || values.size() > 2)
    refuse("attribute '{}': expected one or two integers, got {}", name, to_string(Attribute(values)));
  return {values.front(), values.back()};
}

void OpContext::refuse_text(std::string message) const {
  throw Error(ErrorKind::usage, std::move(message), place_of(node));
}

const OpSpec& find_op(std::string_view name, std::string_view place) {
  return *find_method(op_table(), "operation", name, [](const OpSpec* op) -> const MethodInfo& { return op->info; },
                      place);
}

void resolve_attributes(Node& node) {
  const OpSpec& op = find_op(node.op, fmt::format("node '{}'", node.name));
  std::vector<std::string> known;
  for (const auto& parameter : op.info.parameters) known.push_back(parameter.name);
  for (const auto& [name, value] : node.attributes) {
    bool found = false;
    for (const auto& candidate : known) found = found || candidate == name;
    if (!found) fail_unknown("attribute", name, known, place_of(node));
  }
  for (const auto& parameter : op.info.parameters) {
    const auto given = node.attributes.find(parameter.name);
    if (given == node.attributes.end()) {
      if (parameter.fallback.empty() && parameter.type != "string")
        fail(ErrorKind::usage, place_of(node), "attribute '{}' ({}) is missing", parameter.name, parameter.type);
      node.attributes[parameter.name] = parse_default(parameter);
      continue;
    }
    const auto converted = convert(given->second, parameter.type);
    if (!converted)
      fail(ErrorKind::usage, place_of(node), "attribute '{}': expected {}, got {}", parameter.name, parameter.type,
           to_string(given->second));
    if (!integers_are_sane(*converted))
      fail(ErrorKind::usage, place_of(node), "attribute '{}': {} is beyond 2^20", parameter.name, to_string(*converted));
    if (!real_is_sane(*converted))
      fail(ErrorKind::usage, place_of(node), "attribute '{}': {} is beyond float32", parameter.name, to_string(*converted));
    if (!in_range(parameter, *converted))
      fail(ErrorKind::usage, place_of(node), "attribute '{}': expected {}, got {}", parameter.name, parameter.range,
           to_string(*converted));
    given->second = *converted;
  }
}

}  // namespace tern::net
