#include "data/transform.hpp"

#include <charconv>
#include <cmath>

#include "base/error.hpp"
#include "data/transforms/transforms.hpp"

namespace tern::data {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

/// Splits off what stands before `separator`; `rest` is empty afterwards where there is none.
std::string_view split_off(std::string_view& rest, char separator) {
  const std::size_t at = rest.find(separator);
  const std::string_view first = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return trimmed(first);
}

const TransformRow& find_row(std::string_view name) {
  return find_method(transform_table(), "transform", name, [](const TransformRow& row) { return row.info; });
}

void set_parameter(const TransformRow& row, TransformStep& step, std::string_view assignment) {
  const std::string_view key = split_off(assignment, '=');
  const std::string_view text = trimmed(assignment);
  const auto found = step.parameters.find(std::string(key));
  if (found == step.parameters.end()) {
    std::vector<std::string> known;
    for (const ParameterInfo& parameter : row.info.parameters) known.push_back(parameter.name);
    fail_unknown("parameter", key, known, row.info.name);
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
    fail(ErrorKind::usage, row.info.name, "{}: expected a number, got '{}'", key, text);
  found->second = value;
}

void check_ranges(const TransformRow& row, const TransformStep& step) {
  for (std::size_t i = 0; i < row.ranges.size(); ++i) {
    const ParameterInfo& parameter = row.info.parameters[i];
    const double value = step.parameters.at(parameter.name);
    if (!(value >= row.ranges[i].low && value <= row.ranges[i].high))
      fail(ErrorKind::usage, row.info.name, "{}: expected {}, got {}", parameter.name, parameter.range,
           value);
  }
}

TransformStep parse_step(std::string_view text) {
  TransformStep step{std::string(split_off(text, ':')), {}};
  const TransformRow& row = find_row(step.name);
  for (std::size_t i = 0; i < row.ranges.size(); ++i)
    step.parameters[row.info.parameters[i].name] = row.ranges[i].fallback;
  while (!text.empty()) set_parameter(row, step, split_off(text, ','));
  check_ranges(row, step);
  return step;
}

std::string text_of(const TransformStep& step) {
  std::string text = step.name;
  char separator = ':';
  for (const auto& [name, value] : step.parameters) {
    text += fmt::format("{}{}={}", separator, name,
                        value);  // fmt gives the shortest text that reads back exactly
    separator = ',';
  }
  return text;
}

}  // namespace

const std::vector<TransformRow>& transform_table() {
  static const std::vector<TransformRow> table{
      transforms::denoise,       transforms::downsample,  transforms::flip_x,         transforms::flip_y,
      transforms::flip_polarity, transforms::time_jitter, transforms::spatial_jitter, transforms::crop_time};
  return table;
}

std::vector<TransformStep> parse_transforms(std::string_view text) {
  std::vector<TransformStep> steps;
  if (trimmed(text).empty()) return steps;
  while (!text.empty()) steps.push_back(parse_step(split_off(text, '|')));
  return steps;
}

std::string FrameTransform::text() const {
  std::string text;
  bool random = false;
  for (const TransformStep& step : steps) {
    text += text_of(step) + " | ";
    random |= find_row(step.name).random;
  }
  text += frames.text();
  return random ? fmt::format("{} | seed={}", text, seed) : text;
}

void FrameTransform::apply(formats::Recording& recording, std::string_view sample_name) const {
  const std::uint64_t sample_seed = derive_seed(derive_seed(seed, "transform"), sample_name);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Rng rng(derive_seed(sample_seed, i));
    find_row(steps[i].name).apply(recording, steps[i].parameters, rng);
  }
}

}  // namespace tern::data
