// Rules that all event formats share: events lie on the sensor, time does not go back, counters wrap around.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "formats/events/byte_reader.hpp"
#include "formats/events/recording.hpp"

namespace tern::formats {

/// A counter of `span` ticks that starts again at 0. A step back of more than half its span is a wrap-around.
class WrappingCounter {
 public:
  explicit WrappingCounter(std::int64_t span) : span_(span) {}

  /// The unwrapped value of `raw` (0 <= raw < span); below the previous one where time truly went back.
  std::int64_t unwrap(std::int64_t raw) {
    if (started_ && last_raw_ - raw > span_ / 2) base_ += span_;
    started_ = true;
    last_raw_ = raw;
    return base_ + raw;
  }

 private:
  std::int64_t span_;
  std::int64_t base_ = 0;
  std::int64_t last_raw_ = 0;
  bool started_ = false;
};

/// Collects events and checks each. With width 0 the sensor is unknown: finish() then takes the events'
/// extents.
class Recorder {
 public:
  Recorder(const ByteReader& reader, int width, int height) : reader_(reader) {
    recording_.width = width;
    recording_.height = height;
    recording_.size_stated = width > 0;
  }

  void reserve(std::size_t events) { recording_.events.reserve(events); }

  /// `byte`: where the event stands in the file. Errors: bad_data (outside the sensor, impossible time, time
  /// goes back).
  void add(std::size_t byte, std::int64_t t_us, std::int64_t x, std::int64_t y, bool polarity) {
    constexpr std::int64_t largest = 32767;
    constexpr std::int64_t largest_time_us = std::int64_t{1}
                                             << 60;  // 36 000 years: sums of times cannot overflow
    const std::int64_t width = recording_.size_stated ? recording_.width : largest;
    const std::int64_t height = recording_.size_stated ? recording_.height : largest;
    if (x < 0 || y < 0 || x >= width || y >= height)
      reader_.fail_at(byte, "event at x {}, y {} lies outside the sensor of {} x {}", x, y, width, height);
    if (t_us < 0 || t_us > largest_time_us) reader_.fail_at(byte, "impossible time {} us", t_us);
    if (!recording_.events.empty() && t_us < recording_.events.back().t_us)
      reader_.fail_at(byte, "time goes back from {} to {} us", recording_.events.back().t_us, t_us);
    recording_.events.push_back({t_us, static_cast<std::int16_t>(x), static_cast<std::int16_t>(y), polarity});
  }

  Recording finish() {
    if (!recording_.size_stated)
      for (const Event& event : recording_.events) {
        recording_.width = std::max(recording_.width, event.x + 1);
        recording_.height = std::max(recording_.height, event.y + 1);
      }
    return std::move(recording_);
  }

 private:
  const ByteReader& reader_;
  Recording recording_;
};

}  // namespace tern::formats
