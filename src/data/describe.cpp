#include <algorithm>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "data/dataset.hpp"

namespace tern::data {
namespace {

std::string describe_classes(const FrameDataset& data) {
  std::string text;
  for (std::size_t label = 0; label < data.class_names.size(); ++label) {
    const auto count = [&](const Split& split) {
      return std::count(split.labels.begin(), split.labels.end(), static_cast<std::int32_t>(label));
    };
    text += fmt::format("  {:<4}{:<28}{:>8}{:>12}{:>8}\n", label, data.class_names[label], count(data.train),
                        count(data.validation), count(data.test));
  }
  return text;
}

/// Mean fraction of cells with an event, and mean events a sample.
std::string describe_activity(const FrameDataset& data, const Split& split) {
  if (split.size() == 0) return "no samples";
  std::int64_t active = 0;
  std::int64_t events = 0;
  for (const std::uint8_t count : split.frames) {
    active += count != 0 ? 1 : 0;
    events += count;
  }
  const auto samples = static_cast<double>(split.size());
  return fmt::format("{:.4f} of cells active, {:.0f} events a sample",
                     static_cast<double>(active) / (samples * static_cast<double>(data.sample_size())),
                     static_cast<double>(events) / samples);
}

}  // namespace

std::string describe(const FrameDataset& data) {
  std::string text =
      fmt::format("{}: {} classes, {} steps of {}, checksum {}\n", data.name, data.num_classes(),
                  data.num_steps, net::to_string(data.sample_shape), to_hex(data.checksum));
  text += fmt::format("  {:<32}{:>8}{:>12}{:>8}\n", "class", "train", "validation", "test") +
          describe_classes(data);
  text += fmt::format("  {:<32}{:>8}{:>12}{:>8}\n", "all", data.train.size(), data.validation.size(),
                      data.test.size());
  text += "train: " + describe_activity(data, data.train) + "\n";
  text += "test: " + describe_activity(data, data.test) + "\n";
  text += fmt::format("frames: {}; {} cells clipped at 255, {} events outside the frames\n", data.transform,
                      data.saturated, data.dropped_events);
  return text + "split: " + data.split_statement + "\n";
}

}  // namespace tern::data
