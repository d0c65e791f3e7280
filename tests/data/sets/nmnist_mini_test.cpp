#include <algorithm>
#include <numeric>
#include <set>

#include "data/folders.hpp"
#include "formats/archive.hpp"

namespace tern::data {
namespace {

using namespace testing;

TEST(NmnistMini, LoadsTheBundledArchive) {
  const FrameDataset data = load_data_set({.name = "nmnist-mini"});
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"6", "7", "8", "9"}));
  EXPECT_EQ(data.train.size(), 4 * 108);
  EXPECT_EQ(data.validation.size(), 4 * 12);
  EXPECT_EQ(data.test.size(), 4 * 50);
  for (std::int32_t label = 0; label < 4; ++label) {
    EXPECT_EQ(std::count(data.train.labels.begin(), data.train.labels.end(), label), 108);
    EXPECT_EQ(std::count(data.test.labels.begin(), data.test.labels.end(), label), 50);
  }
  EXPECT_EQ(data.sample_shape, (net::Shape{2, 34, 34}));
}

// By count nothing is lost: events in the frames are the bytes of the files / 5, less what was clipped.
TEST(NmnistMini, FramesHoldEveryEvent) {
  std::size_t expected = 0;
  formats::for_each_file(fs::path(TERN_SOURCE_DIR) / "data/nmnist-mini.tar.xz",
                         [&](const std::string&, const std::string& bytes) { expected += bytes.size() / 5; });
  const FrameDataset data = load_data_set({.name = "nmnist-mini"});
  std::size_t events = 0;
  for (const Split* split : {&data.train, &data.validation, &data.test})
    events = std::accumulate(split->frames.begin(), split->frames.end(), events);
  EXPECT_EQ(data.saturated, 0);
  EXPECT_EQ(events, expected);
}

TEST(NmnistMini, NoRecordingIsInTwoParts) {
  const FrameDataset data = load_data_set({.name = "nmnist-mini", .num_steps = 1});
  std::set<std::string> digits_seen;
  for (const Split* split : {&data.train, &data.validation, &data.test})
    for (const std::string& name : split->sample_names)  // Train/6/58017.bin: the number is unique in MNIST
      EXPECT_TRUE(digits_seen.insert(name.substr(name.rfind('/'))).second) << name;
  EXPECT_EQ(digits_seen.size(), 680u);
}

// The same on every machine: a change of this number is a change of the data.
TEST(NmnistMini, TheChecksumIsFixed) {
  EXPECT_EQ(load_data_set({.name = "nmnist-mini"}).checksum, 15825712226338403609u);
}

TEST(NmnistMini, RefusesAnotherArchive) {
  const Error error =
      error_of([] { load_data_set({.name = "nmnist-mini", .path = "/no/such/folder/a.tar.xz"}); });
  EXPECT_EQ(error.kind(), ErrorKind::io);
}

}  // namespace
}  // namespace tern::data
