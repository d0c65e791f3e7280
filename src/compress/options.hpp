// Options of a plan's step: described by the method, checked here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"

namespace tern::compress {

enum class OptionType { number, integer, flag, choice, text };

/// One option of a step: `name=value`; a choice or a flag may also stand alone ("cubic", "folded").
/// A word that several choices know goes to the first of them that is not set yet: "ewgs" is a quantizer, and in
/// "duq,ewgs" its gradient.
struct OptionSpec {
  std::string name;
  OptionType type = OptionType::text;
  std::string fallback = {};  ///< text of the default; empty: unset
  std::string summary = {};
  double min = 0, max = 0;           ///< numbers and integers: accepted range; both 0: any
  std::vector<std::string> choices = {};  ///< of a choice
  bool always_shown = false;         ///< in canonical text although it has its default
};

/// Checked values of a step's options.
class Options {
 public:
  Options() = default;
  explicit Options(std::vector<OptionSpec> specs) : specs_(std::move(specs)) {}

  /// Errors (ErrorKind::usage, place "plan"): unknown option or word (with the nearest known), a value that is no
  /// number or out of range, an option twice. `step` names the step in messages.
  void parse(std::string_view text, std::string_view step);

  bool knows(std::string_view name) const;
  bool has(std::string_view name) const;  ///< given or with a default
  double number(std::string_view name) const;
  int integer(std::string_view name) const;
  bool flag(std::string_view name) const;
  const std::string& text(std::string_view name) const;  ///< also of a choice; empty where unset
  /// "global=0.8,cubic": parse() reads it back.
  std::string canonical() const;

 private:
  const OptionSpec& spec(std::string_view name) const;
  std::vector<OptionSpec> specs_;
  std::map<std::string, std::string, std::less<>> values_;  // only what differs from absent
};

/// Options every step takes: only=PATTERN, except=PATTERN (globs over node names, several joined by ';').
std::vector<OptionSpec> layer_options();

}  // namespace tern::compress
