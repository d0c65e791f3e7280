#include "data/transform.hpp"

#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;
using formats::Event;
using formats::Recording;

Recording apply(const std::string& text, Recording recording, std::uint64_t seed = 1) {
  FrameTransform transform{parse_transforms(text), {}, seed};
  transform.apply(recording, "sample");
  return recording;
}

Recording noise(int count = 500) {
  Rng rng(3);
  Recording recording{20, 10, {}, true};
  for (int i = 0; i < count; ++i)
    recording.events.push_back({100 * i, static_cast<std::int16_t>(rng.below(20)),
                                static_cast<std::int16_t>(rng.below(10)), rng.below(2) == 1});
  return recording;
}

TEST(Transform, DenoiseKeepsEventsWithARecentNeighbour) {
  // The second is beside the first and recent; the third beside it but late; the fourth diagonal; the fifth
  // below.
  const Recording in{
      4, 4, {{0, 1, 1, true}, {5, 2, 1, true}, {50, 3, 1, true}, {51, 0, 0, true}, {52, 3, 2, true}}, true};
  EXPECT_EQ(apply("denoise:dt_us=10", in).events, (std::vector<Event>{{5, 2, 1, true}, {52, 3, 2, true}}));
}

TEST(Transform, DownsampleKeepsAllEvents) {
  const Recording out = apply("downsample:height=5,width=7", noise());
  EXPECT_EQ(out.width, 7);
  EXPECT_EQ(out.height, 5);
  EXPECT_EQ(out.events.size(), 500u);
  const Recording in{34, 34, {{0, 33, 16, true}, {1, 0, 17, true}}, true};
  EXPECT_EQ(apply("downsample:height=17,width=17", in).events,
            (std::vector<Event>{{0, 16, 8, true}, {1, 0, 8, true}}));
}

TEST(Transform, FlipsMirrorAndTwiceIsNothing) {
  const Recording in = noise();
  EXPECT_EQ(apply("flip_x", in).events[7].x, 19 - in.events[7].x);
  EXPECT_EQ(apply("flip_y", in).events[7].y, 9 - in.events[7].y);
  EXPECT_NE(apply("flip_polarity", in).events[7].polarity, in.events[7].polarity);
  EXPECT_EQ(apply("flip_x | flip_y | flip_polarity | flip_x | flip_y | flip_polarity", in).events, in.events);
  EXPECT_EQ(apply("flip_x:p=0", in).events, in.events);
}

TEST(Transform, CropTimeCountsFromTheFirstEvent) {
  const Recording in{1, 1, {{100, 0, 0, true}, {150, 0, 0, true}, {200, 0, 0, true}}, true};
  EXPECT_EQ(apply("crop_time:start_us=50,stop_us=100", in).events, (std::vector<Event>{{150, 0, 0, true}}));
  EXPECT_EQ(apply("crop_time", in).events.size(), 3u);
}

// The law of the family: events stay in order of time and on the sensor, and a seed decides everything.
TEST(Transform, EveryTransformKeepsOrderAndSensorAndObeysItsSeed) {
  for (const TransformRow& row : transform_table()) {
    const Recording once = apply(row.info.name, noise());
    EXPECT_EQ(once.events, apply(row.info.name, noise()).events) << row.info.name;
    for (std::size_t i = 0; i < once.events.size(); ++i) {
      const Event& event = once.events[i];
      EXPECT_TRUE(i == 0 || once.events[i - 1].t_us <= event.t_us) << row.info.name;
      EXPECT_TRUE(event.x >= 0 && event.x < once.width && event.y >= 0 && event.y < once.height)
          << row.info.name;
    }
    EXPECT_EQ(row.ranges.size(), row.info.parameters.size());
  }
  EXPECT_NE(apply("time_jitter", noise(), 1).events, apply("time_jitter", noise(), 2).events);
  EXPECT_TRUE(apply("spatial_jitter:std=3 | time_jitter", Recording{5, 5, {}, true}).events.empty());
}

TEST(Transform, TheTextIsCanonical) {
  FrameTransform transform{
      parse_transforms(" flip_x|  crop_time : stop_us = 5e3 "), {Slicing::time, 4, 1000}, 7};
  EXPECT_EQ(
      transform.text(),
      "flip_x:p=1 | crop_time:start_us=0,stop_us=5000 | frames:by=time,num_steps=4,step_us=1000 | seed=7");
  transform.steps = parse_transforms("denoise:dt_us=100");
  EXPECT_EQ(transform.text(), "denoise:dt_us=100 | frames:by=time,num_steps=4,step_us=1000");
  EXPECT_TRUE(parse_transforms("  ").empty());
}

TEST(Transform, RefusesWhatItDoesNotKnow) {
  EXPECT_STREQ(error_of([] { parse_transforms("denoize"); }).message().substr(0, 48).c_str(),
               "unknown transform 'denoize': did you mean 'denoi");
  EXPECT_EQ(error_of([] { parse_transforms("flip_x:q=1"); }).kind(), ErrorKind::usage);
  EXPECT_STREQ(error_of([] { parse_transforms("flip_x:p=2"); }).what(), "flip_x: p: expected 0..1, got 2");
  EXPECT_STREQ(error_of([] { parse_transforms("flip_x:p=a"); }).what(),
               "flip_x: p: expected a number, got 'a'");
  for (const char* text : {"|", "flip_x | | flip_y", "flip_x:p", "flip_x:p=nan", "flip_x:,"})
    EXPECT_EQ(error_of([&] { parse_transforms(text); }).kind(), ErrorKind::usage) << text;
}

}  // namespace
}  // namespace tern::data
