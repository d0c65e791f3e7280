// Counting events into frames.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "formats/events/recording.hpp"

namespace tern::data {

enum class Slicing {
  count,  ///< T slices of floor(N / T) events in order of time; the last takes the rest
  time    ///< T windows of equal length
};

/// From the N events of a sample to T frames [num_steps, 2, height, width]: dst[i, p, y, x] is the number of
/// events of polarity p at (x, y) in slice i, clipped at 255. By time, step i holds the events with floor((t
/// - begin) / step) = i, where step is `step_us` or, with 0, the sample's extent / T. Events outside [begin,
/// begin + T * step) are dropped and reported. Source: SpikingJelly, "integrate events to frames" by number
/// and by time. Where we differ: by time, the last window ends with the sample, so that its length equals the
/// others' (there it takes the rounding rest).
struct EventsToFrames {
  Slicing slicing = Slicing::count;
  std::int64_t num_steps = 10;
  std::int64_t step_us = 0;

  /// "frames:by=time,num_steps=10,step_us=1000".
  std::string text() const;
};

/// Half-open span of time [begin_us, end_us).
struct TimeSpan {
  std::int64_t begin_us = 0;
  std::int64_t end_us = 0;
};

/// From the first event to just behind the last; [0, 1) without events.
TimeSpan extent_of(std::span<const formats::Event> events);

/// What did not fit into the frames.
struct FrameLosses {
  std::int64_t saturated = 0;  ///< cells with more than 255 events
  std::int64_t dropped = 0;    ///< events outside every step
};

/// Fills dst [num_steps, 2, recording.height, recording.width], overwriting it. `extent`: the sample's span
/// of time. Thread-safe. Errors: internal where dst has another size.
FrameLosses events_to_frames(const formats::Recording& recording, const EventsToFrames& options,
                             TimeSpan extent, std::span<std::uint8_t> dst);

}  // namespace tern::data
