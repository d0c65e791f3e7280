#include <algorithm>
#include <array>
#include <cmath>

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

/// Mean and standard deviation of each channel, as a network sees its pixels.
std::string describe_pixels(const FrameDataset& data, const Split& split) {
  if (split.size() == 0) return "no samples";
  const auto plane = static_cast<std::size_t>(data.sample_shape[1] * data.sample_shape[2]);
  const auto channels = static_cast<std::size_t>(data.sample_shape[0]);
  std::string text = "mean (deviation) of the channels";
  for (std::size_t channel = 0; channel < channels; ++channel) {
    std::array<std::int64_t, 256> histogram{};
    for (std::size_t at = channel * plane; at < split.frames.size(); at += channels * plane)
      for (std::size_t i = 0; i < plane; ++i) ++histogram[split.frames[at + i]];
    double sum = 0, squares = 0;
    for (std::size_t value = 0; value < histogram.size(); ++value) {
      const double pixel = static_cast<double>(value) * data.value_scale;
      sum += pixel * static_cast<double>(histogram[value]);
      squares += pixel * pixel * static_cast<double>(histogram[value]);
    }
    const auto count = static_cast<double>(split.frames.size() / channels);
    const double mean = sum / count;
    text += fmt::format(" {:.4f} ({:.4f})", mean, std::sqrt(std::max(0.0, squares / count - mean * mean)));
  }
  return text;
}

}  // namespace

std::string describe(const FrameDataset& data) {
  const std::string steps = data.is_images() ? "images" : fmt::format("{} steps", data.num_steps);
  std::string text = fmt::format("{}: {} classes, {} of {}, checksum {}\n", data.name, data.num_classes(),
                                 steps, net::to_string(data.sample_shape), to_hex(data.checksum));
  text += fmt::format("  {:<32}{:>8}{:>12}{:>8}\n", "class", "train", "validation", "test") +
          describe_classes(data);
  text += fmt::format("  {:<32}{:>8}{:>12}{:>8}\n", "all", data.train.size(), data.validation.size(),
                      data.test.size());
  const auto values = data.is_images() ? describe_pixels : describe_activity;
  text += "train: " + values(data, data.train) + "\n";
  text += "test: " + values(data, data.test) + "\n";
  if (data.is_images())
    text += fmt::format("values: {}\n", data.transform);
  else
    text += fmt::format("frames: {}; {} cells clipped at 255, {} events outside the frames\n", data.transform,
                        data.saturated, data.dropped_events);
  return text + "split: " + data.split_statement + "\n";
}

}  // namespace tern::data
