#include "compress/quantize/spec_text.hpp"

#include <cstdlib>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

double SpecText::number(const std::string& key) const {
  const auto found = values.find(key);
  if (found == values.end()) fail(ErrorKind::bad_data, "quantizer", "'{}' has no '{}='", name, key);
  char* end = nullptr;
  const double value = std::strtod(found->second.c_str(), &end);
  if (found->second.empty() || *end != '\0')
    fail(ErrorKind::bad_data, "quantizer", "'{}': '{}={}' is no number", name, key, found->second);
  return value;
}

int SpecText::integer(const std::string& key) const { return static_cast<int>(number(key)); }

std::string SpecText::text(const std::string& key, const std::string& fallback) const {
  const auto found = values.find(key);
  return found == values.end() ? fallback : found->second;
}

SpecText parse_spec(std::string_view text) {
  const auto colon = text.find(':');
  SpecText spec{std::string(text.substr(0, colon)), {}};
  if (colon == std::string_view::npos || spec.name.empty())
    fail(ErrorKind::bad_data, "quantizer", "expected NAME:key=value,..., got '{}'", text);
  for (std::string_view rest = text.substr(colon + 1); !rest.empty();) {
    const auto comma = rest.find(',');
    const std::string_view part = rest.substr(0, comma);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      fail(ErrorKind::bad_data, "quantizer", "expected NAME:key=value,..., got '{}'", text);
    spec.values[std::string(part.substr(0, equals))] = std::string(part.substr(equals + 1));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return spec;
}

}  // namespace tern::compress
