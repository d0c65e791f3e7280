// What is done to the events of a sample before and while they are counted into frames, as data and as text.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "base/seed.hpp"
#include "data/frames.hpp"
#include "formats/events/recording.hpp"

namespace tern::data {

using TransformParameters = std::map<std::string, double>;

/// One row of the registry: a change of a recording in place. Events stay in order of time and on the sensor.
struct TransformRow {
  struct Range {
    double fallback;
    double low, high;  ///< both valid
  };
  MethodInfo info;
  std::vector<Range> ranges;  ///< of info.parameters, one each
  bool random = false;        ///< whether it draws from `rng`
  void (*apply)(formats::Recording& recording, const TransformParameters& parameters, Rng& rng);
};

/// The registry: denoise, downsample, flip_x, flip_y, flip_polarity, time_jitter, spatial_jitter, crop_time.
const std::vector<TransformRow>& transform_table();

/// One transform with all its parameters.
struct TransformStep {
  std::string name;
  TransformParameters parameters;
};

/// Reads "flip_x | crop_time:start_us=0,stop_us=100000": steps between '|', parameters behind ':'. Left-out
/// parameters take their defaults; empty text gives no step. Errors: usage (unknown transform or parameter,
/// no number, out of range).
std::vector<TransformStep> parse_transforms(std::string_view text);

/// The whole way from events to frames: steps in order, then framing.
struct FrameTransform {
  std::vector<TransformStep> steps;
  EventsToFrames frames;
  std::uint64_t seed = 0;  ///< of random steps; each sample draws from its own stream, named after the sample

  /// Canonical form: equal transforms give equal texts and different ones different texts. Part of the cache
  /// key.
  std::string text() const;

  /// Applies the steps (not the framing) to one sample.
  void apply(formats::Recording& recording, std::string_view sample_name) const;
};

}  // namespace tern::data
