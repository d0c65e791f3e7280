// The one shape of every registry: what `tern list`, the documentation and error messages print.
//
// A registry is an explicit table (no self-registering statics: folders are static libraries, and linkers drop object
// files that nothing refers to). Its rows derive from or hold a MethodInfo and add what is needed to make the method.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tern {

/// One parameter of a method. `type` is "int", "float", "bool", "string" or "int list"; `fallback` is the default as
/// text, empty where the parameter is required; `range` says what is valid, as text ("2..8", "> 0", "hard|soft").
struct ParameterInfo {
  std::string name;
  std::string type;
  std::string fallback;
  std::string range;
  std::string summary;
};

/// One method: published lower-case name, one-line summary, source paper.
struct MethodInfo {
  std::string name;
  std::string summary;
  std::string source;
  std::vector<ParameterInfo> parameters;
};

/// The candidate with the smallest edit distance to `name`; empty when none is near (more than a third of its letters),
/// or where `name` is longer than any of ours (100 letters).
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

/// Throws ErrorKind::usage: "unknown KIND 'lqs': did you mean 'lsq'? (known: a, b, c)".
[[noreturn]] void fail_unknown(std::string_view kind, std::string_view name, std::span<const std::string> known,
                               std::string_view place = {});

/// The row of `table` called `name`; `info(row)` gives its MethodInfo. Unknown names: fail_unknown.
template <typename Table, typename Info>
const auto& find_method(const Table& table, std::string_view kind, std::string_view name, Info info,
                        std::string_view place = {}) {
  for (const auto& row : table)
    if (info(row).name == name) return row;
  std::vector<std::string> known;
  for (const auto& row : table) known.push_back(info(row).name);
  fail_unknown(kind, name, known, place);
}

}  // namespace tern
