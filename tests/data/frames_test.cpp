#include "data/frames.hpp"

#include <numeric>

#include <gtest/gtest.h>

namespace tern::data {
namespace {

using formats::Event;
using formats::Recording;

/// Events at (i % 2, 0) with polarity of i, on a sensor of 2 x 1.
Recording ramp(const std::vector<std::int64_t>& times) {
  Recording recording{2, 1, {}, true};
  for (std::size_t i = 0; i < times.size(); ++i)
    recording.events.push_back({times[i], static_cast<std::int16_t>(i % 2), 0, i % 2 == 1});
  return recording;
}

/// Events in each step.
std::vector<int> events_a_step(const Recording& recording, const EventsToFrames& options,
                               FrameLosses* losses = nullptr) {
  std::vector<std::uint8_t> frames(
      static_cast<std::size_t>(options.num_steps * 2 * recording.height * recording.width));
  const FrameLosses lost = events_to_frames(recording, options, extent_of(recording.events), frames);
  if (losses != nullptr) *losses = lost;
  std::vector<int> sums;
  const auto size = frames.size() / static_cast<std::size_t>(options.num_steps);
  for (std::size_t begin = 0; begin < frames.size(); begin += size)
    sums.push_back(std::accumulate(frames.begin() + static_cast<std::ptrdiff_t>(begin),
                                   frames.begin() + static_cast<std::ptrdiff_t>(begin + size), 0));
  return sums;
}

// 11 events in 3 steps: floor(11 / 3) = 3, 3, and the last takes 5, whatever their times.
TEST(Frames, ByCountTheLastStepTakesTheRest) {
  const Recording recording = ramp({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9});
  EXPECT_EQ(events_a_step(recording, {Slicing::count, 3, 0}), (std::vector<int>{3, 3, 5}));
  EXPECT_EQ(events_a_step(ramp({0, 1}), {Slicing::count, 3, 0}), (std::vector<int>{0, 0, 2}));
  EXPECT_EQ(events_a_step(ramp({}), {Slicing::count, 3, 0}), (std::vector<int>{0, 0, 0}));
}

// From 100 to 109 us in 2 steps: [100, 105) and [105, 110).
TEST(Frames, ByTimeTheStepsHaveEqualLength) {
  const Recording recording = ramp({100, 101, 104, 105, 109});
  EXPECT_EQ(events_a_step(recording, {Slicing::time, 2, 0}), (std::vector<int>{3, 2}));
}

TEST(Frames, ByFixedTimeLaterEventsAreDroppedAndCounted) {
  FrameLosses losses;
  EXPECT_EQ(events_a_step(ramp({100, 101, 104, 105, 109}), {Slicing::time, 2, 3}, &losses),
            (std::vector<int>{2, 2}));
  EXPECT_EQ(losses.dropped, 1);
}

TEST(Frames, PolarityIsTheChannel) {
  std::vector<std::uint8_t> frames(4);
  const Recording recording{2, 1, {{5, 0, 0, false}, {6, 1, 0, true}, {7, 1, 0, true}}, true};
  events_to_frames(recording, {Slicing::count, 1, 0}, extent_of(recording.events), frames);
  EXPECT_EQ(frames, (std::vector<std::uint8_t>{1, 0, 0, 2}));
}

TEST(Frames, FullCellsAreClippedAndCountedOnce) {
  Recording recording{2, 1, std::vector<Event>(300, Event{1, 0, 0, true}), true};
  std::vector<std::uint8_t> frames(4);
  const FrameLosses losses = events_to_frames(recording, {Slicing::count, 1, 0}, {0, 2}, frames);
  EXPECT_EQ(frames[2], 255);
  EXPECT_EQ(losses.saturated, 1);
}

}  // namespace
}  // namespace tern::data
