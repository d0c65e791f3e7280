#include "formats/events/nmnist_bin.hpp"

#include "formats/events/event_files.hpp"
#include "formats/events/read_events.hpp"

namespace tern::formats {
namespace {

using namespace testing;

TEST(NmnistBin, ReadsFiveBytesAnEvent) {
  const Recording got = read_nmnist_bin(nmnist(3, 33, true, 7) + nmnist(33, 0, false, 0x7fffff), "a.bin");
  const std::vector<Event> expected{{7, 3, 33, true}, {0x7fffff, 33, 0, false}};
  EXPECT_EQ(got.events, expected);
  EXPECT_EQ(got.width, 34);
  EXPECT_EQ(got.height, 34);
}

TEST(NmnistBin, AnOverflowMarkShiftsAllLaterTimes) {
  const std::string bytes = nmnist(1, 1, true, 100) + nmnist(0, 240, false, 0) + nmnist(2, 2, true, 5);
  const Recording got = read_nmnist_bin(bytes, "a.bin");
  const std::vector<Event> expected{{100, 1, 1, true}, {8197, 2, 2, true}};
  EXPECT_EQ(got.events, expected);
}

TEST(NmnistBin, NamesFileAndByteOfWhatIsWrong) {
  const std::string good = nmnist(1, 1, true, 100);
  EXPECT_STREQ(error_of([&] { read_nmnist_bin(good + nmnist(34, 1, true, 101), "a.bin"); }).what(),
               "a.bin: byte 5: event at x 34, y 1 lies outside the sensor of 34 x 34");
  EXPECT_STREQ(error_of([&] { read_nmnist_bin(good + nmnist(1, 1, true, 99), "a.bin"); }).what(),
               "a.bin: byte 5: time goes back from 100 to 99 us");
  EXPECT_STREQ(error_of([&] { read_nmnist_bin(good + "abc", "a.bin"); }).what(),
               "a.bin: byte 5: truncated: an N-MNIST event needs 5 bytes, 3 are left");
}

// 21625 bytes / 5 = 4325 events.
TEST(NmnistBin, ReadsARealFile) {
  TERN_NEED_REAL_DATA(folder, "event-samples");
  const Recording got = read_events(folder / "sample_nmnist.bin");
  EXPECT_EQ(got.events.size(), 4325u);
  EXPECT_EQ(got.events.front(), (Event{654, 7, 15, true}));
}

}  // namespace
}  // namespace tern::formats
