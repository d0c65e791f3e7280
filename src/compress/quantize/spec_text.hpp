// "NAME:key=value,key=value": how checkpoints name a quantizer.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace tern::compress {

struct SpecText {
  std::string name;
  std::map<std::string, std::string> values;

  /// Errors: ErrorKind::bad_data, place "quantizer".
  int integer(const std::string& key) const;
  double number(const std::string& key) const;
  std::string text(const std::string& key, const std::string& fallback) const;
};

/// Errors: ErrorKind::bad_data, place "quantizer", for text of another form.
SpecText parse_spec(std::string_view text);

}  // namespace tern::compress
