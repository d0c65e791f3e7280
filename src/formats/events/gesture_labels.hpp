// The label files of DVS128 Gesture.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace tern::formats {

/// One gesture in a recording: events with begin_us <= t < end_us belong to it.
struct Trial {
  int gesture = 0;  ///< 1..11 as in the file
  std::int64_t begin_us = 0;
  std::int64_t end_us = 0;
};

/// Reads "class,startTime_usec,endTime_usec" (that line first, then one trial a line). Rows that overlap
/// exist in the published files (user22_led); they are kept as they are and reported by log(). Errors:
/// bad_data, place "NAME: byte N" (another first line, not three whole numbers, gesture outside 1..11, an end
/// that is not after its begin, no trial).
/// Source: Amir et al. 2017, README of the data set.
std::vector<Trial> read_gesture_labels(std::string_view text, std::string_view name);

}  // namespace tern::formats
