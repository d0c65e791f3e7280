// Reading YAML maps with every key known and every number in range.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <yaml-cpp/yaml.h>

namespace tern::cost {

/// Parses a document whose root is a map. Errors: ErrorKind::bad_data with the line.
YAML::Node parse_yaml_map(std::string_view text, std::string_view place);

/// One map of a document. Values are taken by key; finish() refuses keys that nobody asked for.
/// Errors carry "PLACE: PATH.KEY": ErrorKind::usage for unknown keys, ErrorKind::bad_data for missing ones,
/// wrong types and numbers outside of [low, high].
class YamlMap {
 public:
  YamlMap(YAML::Node node, std::string place);

  bool has(const std::string& key);
  double real(const std::string& key, double low, double high);
  double real_or(const std::string& key, double fallback, double low, double high);
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high);
  std::int64_t integer_or(const std::string& key, std::int64_t fallback, std::int64_t low, std::int64_t high);
  bool flag_or(const std::string& key, bool fallback);
  std::string text(const std::string& key);
  std::string text_or(const std::string& key, std::string fallback);
  std::vector<std::string> texts_or_empty(const std::string& key);
  YamlMap map(const std::string& key);
  std::vector<YamlMap> maps(const std::string& key);

  /// Keys of a map whose keys are names, in the file's order; marks them as known.
  std::vector<std::string> names();
  std::string place_of(const std::string& key) const;
  void finish() const;

 private:
  YAML::Node get(const std::string& key);

  YAML::Node node_;
  std::string place_;
  std::set<std::string> asked_;
};

}  // namespace tern::cost
