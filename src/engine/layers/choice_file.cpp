#include "engine/layers/choice_file.hpp"

#include <charconv>
#include <cstdlib>
#include <optional>

#include <unistd.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "engine/options.hpp"
#include "kernels/isa.hpp"

namespace tern::engine {
namespace {

constexpr std::string_view title = "tern kernel choices 1: ";

/// Takes what stands before the first `separator` off the front of `text`.
std::string_view next(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return part;
}

/// What /proc/cpuinfo says of the first processor, "unknown" where there is no such file.
std::string processor_name() {
  std::string text, name;
  try {
    text = read_file("/proc/cpuinfo");
  } catch (const Error&) {
    return "unknown";
  }
  std::string_view left = std::string_view(text).substr(0, text.find("\n\n"));
  while (!left.empty()) {
    std::string_view value = next(left, '\n');
    std::string_view key = next(value, ':');
    while (!key.empty() && (key.back() == '\t' || key.back() == ' ')) key.remove_suffix(1);
    for (const std::string_view known : {"model name", "cpu family", "model", "stepping", "CPU implementer", "CPU part", "CPU variant"})
      if (key == known) name += value;
  }
  return name.empty() ? "unknown" : name.substr(1);
}

std::string cache_sizes() {
  std::string text;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  for (const int name : {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE})
    text += " " + std::to_string(sysconf(name));
#endif
  return text;
}

std::optional<std::vector<KernelTime>> parse_times(std::string_view text) {
  std::vector<KernelTime> times;
  while (!text.empty()) {
    std::string_view value = next(text, ' ');
    const std::string_view kernel = next(value, '=');
    KernelTime time{std::string(kernel)};
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), time.microseconds);
    if (error != std::errc() || end != value.data() + value.size() || !(time.microseconds >= 0)) return std::nullopt;
    times.push_back(std::move(time));
  }
  if (times.empty()) return std::nullopt;
  return times;
}

}  // namespace

std::string default_cache_folder() {
  const auto variable = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  if (const std::string own = variable("TERN_CACHE"); !own.empty()) return own == "off" ? "" : own;
  if (const std::string caches = variable("XDG_CACHE_HOME"); !caches.empty()) return caches + "/tern";
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.cache/tern";
  return "";
}

std::string measuring_place() {
  static const std::string processor = processor_name() + ";" + cache_sizes();
  return std::string(TERN_VERSION) + "; " + std::string(name_of(kernels::current_isa())) + "; " + processor;
}

std::filesystem::path choice_file(const std::string& folder, std::string_view place) {
  return std::filesystem::path(folder) / ("kernels-" + to_hex(fnv1a_64(place)) + ".txt");
}

KernelTimes read_choices(const std::filesystem::path& file, std::string_view place) {
  std::string text;
  try {
    text = read_file(file);
  } catch (const Error&) {
    return {};
  }
  const std::size_t end = text.rfind("checksum ");
  if (end == std::string::npos) return {};
  std::string_view left = std::string_view(text).substr(0, end);
  if (std::string_view(text).substr(end) != "checksum " + to_hex(fnv1a_64(left)) + "\n") return {};
  if (next(left, '\n') != std::string(title) + std::string(place)) return {};
  KernelTimes times;
  while (!left.empty()) {
    std::string_view line = next(left, '\n');
    const std::string_view layer = next(line, '\t');
    const auto parsed = parse_times(line);
    if (!parsed) return {};
    times.insert_or_assign(std::string(layer), *parsed);
  }
  return times;
}

void write_choices(const std::filesystem::path& file, std::string_view place, const KernelTimes& times) {
  std::string text = std::string(title) + std::string(place) + "\n";
  for (const auto& [layer, kernels] : times) {
    char separator = '\t';
    text += layer;
    for (const auto& time : kernels) {
      text += fmt::format("{}{}={:.3f}", separator, time.kernel, time.microseconds);
      separator = ' ';
    }
    text += "\n";
  }
  write_file_atomically(file, text + "checksum " + to_hex(fnv1a_64(text)) + "\n");
}

}  // namespace tern::engine
