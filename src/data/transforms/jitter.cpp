#include <algorithm>
#include <cmath>

#include "data/transforms/transforms.hpp"

namespace tern::data::transforms {
namespace {

void apply_time_jitter(formats::Recording& recording, const TransformParameters& parameters, Rng& rng) {
  const double std_us = parameters.at("std_us");
  for (formats::Event& event : recording.events) event.t_us += std::llround(rng.normal() * std_us);
  std::stable_sort(recording.events.begin(), recording.events.end(),
                   [](const formats::Event& a, const formats::Event& b) { return a.t_us < b.t_us; });
}

void apply_spatial_jitter(formats::Recording& recording, const TransformParameters& parameters, Rng& rng) {
  const double std_pixels = parameters.at("std");
  std::size_t kept = 0;
  for (formats::Event event : recording.events) {
    const long long x = event.x + std::llround(rng.normal() * std_pixels);
    const long long y = event.y + std::llround(rng.normal() * std_pixels);
    if (x < 0 || y < 0 || x >= recording.width || y >= recording.height) continue;
    event.x = static_cast<std::int16_t>(x);
    event.y = static_cast<std::int16_t>(y);
    recording.events[kept++] = event;
  }
  recording.events.resize(kept);
}

}  // namespace

const TransformRow time_jitter{
    .info = {"time_jitter",
             "move each event in time by a normal variable",
             "tonic, TimeJitter",
             {{"std_us", "float", "1000", "0..1e9", "standard deviation"}}},
    .ranges = {{1000, 0, 1e9}},
    .random = true,
    .apply = apply_time_jitter,
};

const TransformRow spatial_jitter{
    .info = {"spatial_jitter",
             "move each event by a normal variable, each axis",
             "tonic, SpatialJitter",
             {{"std", "float", "1", "0..4096", "standard deviation in pixels"}}},
    .ranges = {{1, 0, 4096}},
    .random = true,
    .apply = apply_spatial_jitter,
};

}  // namespace tern::data::transforms
