#include <set>

#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;

class Dvs128Gesture : public WithFolder {
 protected:
  /// Eleven trials of 100 events in each recording; 60 us between trials.
  void write_user(const std::string& name, const std::string& extra_row = "") {
    std::string labels = "class,startTime_usec,endTime_usec\n";
    std::string events;
    for (int gesture = 1; gesture <= 11; ++gesture) {
      const int begin = gesture * 1000;
      labels += fmt::format("{},{},{}\n", gesture, begin, begin + 100);
      for (int i = 0; i < 160; ++i)
        events += aedat31(gesture * 5, i % 128, i % 2 == 0, static_cast<std::uint32_t>(begin + i));
    }
    write_file_atomically(
        root_ / (name + ".aedat"),
        aedat31_header() + aedat31_packet(1, 0, static_cast<std::uint32_t>(events.size() / 8), events));
    write_file_atomically(root_ / (name + "_labels.csv"), labels + extra_row);
  }
  void write_all() {
    for (const char* name : {"user01_led", "user02_led", "user03_led"}) write_user(name);
    write_file_atomically(root_ / "trials_to_train.txt", "user01_led.aedat\nuser02_led.aedat\n");
    write_file_atomically(root_ / "trials_to_test.txt", "user03_led.aedat");
  }
  Error refusal() {
    return error_of([&] { load_data_set({.name = "dvs128-gesture", .path = root_}); });
  }
};

TEST_F(Dvs128Gesture, CutsTrialsAndHoldsBackWholeRecordings) {
  write_all();
  const FrameDataset data = load_data_set({.name = "dvs128-gesture", .path = root_});
  EXPECT_EQ(data.num_classes(), 11);
  EXPECT_EQ(data.num_steps, 20);
  EXPECT_EQ(data.sample_shape, (net::Shape{2, 128, 128}));
  EXPECT_EQ(data.train.size(), 11);
  EXPECT_EQ(data.validation.size(), 11);
  EXPECT_EQ(data.test.size(), 11);
  EXPECT_NE(data.train.sample_names[0].substr(0, 10), data.validation.sample_names[0].substr(0, 10));
  int events = 0;
  for (std::int64_t i = 0; i < data.sample_size(); ++i)
    events += data.test.frames[static_cast<std::size_t>(i)];
  EXPECT_EQ(events, 100);  // those behind the end of the trial are not its own
}

TEST_F(Dvs128Gesture, OverlappingTrialsAreKeptAndReported) {
  write_all();
  write_user("user03_led", "11,11050,11150\n");
  const FrameDataset data = load_data_set({.name = "dvs128-gesture", .path = root_});
  EXPECT_EQ(data.test.size(), 12);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_NE(warnings_[0].find("user03_led_labels.csv: gestures 11 and 11 overlap"), std::string::npos);
}

TEST_F(Dvs128Gesture, RefusesWrongLabelsAndMissingFiles) {
  EXPECT_EQ(refusal().message().substr(0, 32), "no file 'trials_to_train.txt' in");
  write_all();
  write_user("user02_led", "12,50000,60000\n");
  EXPECT_EQ(refusal().message(), "unknown class 12: gestures are 1 to 11");
  fs::remove(root_ / "user02_led.aedat");
  EXPECT_EQ(refusal().place(), (root_ / "trials_to_train.txt").string());
  EXPECT_EQ(refusal().kind(), ErrorKind::bad_data);
}

}  // namespace
}  // namespace tern::data
