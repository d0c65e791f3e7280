// What an event camera records, whatever the file format.
#pragma once

#include <cstdint>
#include <vector>

namespace tern::formats {

/// One change of brightness at one pixel. Time in microseconds on the recording's own clock, wrap-around
/// undone; 0 <= x < width from the left, 0 <= y < height as stored by the format; polarity true = brighter
/// (on).
struct Event {
  std::int64_t t_us = 0;
  std::int16_t x = 0;
  std::int16_t y = 0;
  bool polarity = false;
  bool operator==(const Event&) const = default;
};

/// Events in order of time (never decreasing) within a sensor of width x height pixels.
struct Recording {
  int width = 0;
  int height = 0;
  std::vector<Event> events;
  bool size_stated = true;  ///< false where the file names no sensor and the extents are those of its events
};

}  // namespace tern::formats
