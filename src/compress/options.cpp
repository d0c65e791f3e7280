#include "compress/options.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

bool has_choice(const OptionSpec& spec, std::string_view word) {
  return std::find(spec.choices.begin(), spec.choices.end(), word) != spec.choices.end();
}

double parse_number(std::string_view step, const OptionSpec& spec, const std::string& value) {
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  if (value.empty() || *end != '\0' || !std::isfinite(number))
    fail(ErrorKind::usage, "plan", "{}: '{}' needs a number, got '{}'", step, spec.name, value);
  if (spec.type == OptionType::integer && number != std::floor(number))
    fail(ErrorKind::usage, "plan", "{}: '{}' needs a whole number, got '{}'", step, spec.name, value);
  if (spec.min != spec.max && (number < spec.min || number > spec.max))
    fail(ErrorKind::usage, "plan", "{}: '{}' takes {} to {}, got {}", step, spec.name, spec.min, spec.max, value);
  return number;
}

void check_value(std::string_view step, const OptionSpec& spec, const std::string& value) {
  if (spec.type == OptionType::number || spec.type == OptionType::integer) parse_number(step, spec, value);
  if (spec.type == OptionType::choice && !has_choice(spec, value))
    fail_unknown(fmt::format("{} of '{}'", spec.name, step), value, spec.choices, "plan");
  if (spec.type == OptionType::flag && value != "true" && value != "false")
    fail(ErrorKind::usage, "plan", "{}: '{}' takes true or false, got '{}'", step, spec.name, value);
}

}  // namespace

void Options::parse(std::string_view text, std::string_view step) {
  while (!trim(text).empty()) {
    const auto comma = text.find(',');
    const std::string_view part = trim(text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
    const auto equals = part.find('=');
    const std::string word(trim(part.substr(0, equals)));
    const OptionSpec* found = nullptr;
    std::string value;
    for (const auto& entry : specs_) {  // a word that two options know goes to the first that is still free
      if (equals != std::string_view::npos ? entry.name == word
                                           : entry.type == OptionType::flag ? entry.name == word : has_choice(entry, word)) {
        if (found && equals == std::string_view::npos && !values_.count(found->name)) break;
        found = &entry;
        value = equals != std::string_view::npos ? std::string(trim(part.substr(equals + 1)))
                                                 : entry.type == OptionType::flag ? "true" : word;
      }
    }
    if (!found) {
      std::vector<std::string> known;
      for (const auto& entry : specs_) {
        if (entry.type != OptionType::flag) known.push_back(entry.name + "=");
        else known.push_back(entry.name);
        known.insert(known.end(), entry.choices.begin(), entry.choices.end());
      }
      fail_unknown(fmt::format("option of '{}'", step), equals == std::string_view::npos ? word : word + "=", known, "plan");
    }
    check_value(step, *found, value);
    if (!values_.emplace(found->name, value).second)
      fail(ErrorKind::usage, "plan", "{}: '{}' stands twice", step, found->name);
  }
}

const OptionSpec& Options::spec(std::string_view name) const {
  for (const auto& entry : specs_)
    if (entry.name == name) return entry;
  fail(ErrorKind::internal, "plan", "no option '{}'", name);
}

bool Options::knows(std::string_view name) const {
  return std::any_of(specs_.begin(), specs_.end(), [&](const OptionSpec& entry) { return entry.name == name; });
}

bool Options::has(std::string_view name) const { return values_.count(name) || !spec(name).fallback.empty(); }

const std::string& Options::text(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? spec(name).fallback : found->second;
}

double Options::number(std::string_view name) const {
  if (!has(name)) fail(ErrorKind::internal, "plan", "option '{}' is not set", name);
  return std::strtod(text(name).c_str(), nullptr);
}

int Options::integer(std::string_view name) const { return static_cast<int>(number(name)); }

bool Options::flag(std::string_view name) const { return text(name) == "true"; }

std::string Options::canonical() const {
  std::vector<std::string> parts;
  for (const auto& entry : specs_) {
    const auto found = values_.find(entry.name);
    const bool shown = found != values_.end() && (entry.always_shown || found->second != entry.fallback);
    if (!shown && !(entry.always_shown && !entry.fallback.empty())) continue;
    const std::string& value = text(entry.name);
    if (entry.type == OptionType::choice) parts.push_back(value);
    else if (entry.type == OptionType::flag && value == "true") parts.push_back(entry.name);
    else parts.push_back(entry.name + "=" + value);
  }
  return fmt::format("{}", fmt::join(parts, ","));
}

std::vector<OptionSpec> layer_options() {
  return {{.name = "only", .summary = "layers by name pattern (* and ?; several joined by ';')"},
          {.name = "except", .summary = "layers left out, by the same patterns"}};
}

}  // namespace tern::compress
