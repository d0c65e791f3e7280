#include "compress/select_layers.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

std::vector<std::string> split_patterns(const std::string& text) {
  std::vector<std::string> patterns;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(';', begin), text.size());
    if (end > begin) patterns.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return patterns;
}

bool matches_any(const std::vector<std::string>& patterns, std::string_view node) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return matches_glob(pattern, node); });
}

void check_patterns(const std::vector<std::string>& patterns, const std::vector<std::string>& weights) {
  std::vector<std::string> nodes;
  for (const auto& weight : weights) nodes.emplace_back(node_of(weight));
  for (const auto& pattern : patterns)
    if (std::none_of(nodes.begin(), nodes.end(), [&](const auto& node) { return matches_glob(pattern, node); }))
      fail_unknown("layer pattern", pattern, nodes, "plan");
}

}  // namespace

bool matches_glob(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p, ++n;
    } else if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view node_of(std::string_view parameter) { return parameter.substr(0, parameter.rfind('.')); }

std::vector<std::string> select_weights(const learn::Model& model, const Options& options) {
  const auto only = split_patterns(options.text("only")), except = split_patterns(options.text("except"));
  std::vector<std::string> names = model.weight_names();
  check_patterns(only, names);
  check_patterns(except, names);
  std::erase_if(names, [&](const std::string& name) {
    return (!only.empty() && !matches_any(only, node_of(name))) || matches_any(except, node_of(name));
  });
  if (names.empty()) fail(ErrorKind::usage, "plan", "'only' and 'except' leave no layer");
  return names;
}

}  // namespace tern::compress
