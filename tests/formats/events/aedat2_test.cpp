#include "formats/events/aedat2.hpp"

#include "formats/events/event_files.hpp"
#include "formats/events/read_events.hpp"

namespace tern::formats {
namespace {

using namespace testing;

TEST(Aedat2, ReadsAddressesAndTimes) {
  const Recording got =
      read_aedat2(aedat2_header() + aedat2(5, 127, true, 10) + aedat2(127, 0, false, 10), "a.aedat");
  const std::vector<Event> expected{{10, 5, 127, true}, {10, 127, 0, false}};
  EXPECT_EQ(got.events, expected);
  EXPECT_EQ(got.width, 128);
}

TEST(Aedat2, UndoesTheWrapAroundOfItsClock) {
  const Recording got =
      read_aedat2(aedat2_header() + aedat2(1, 1, true, 0xfffffff0) + aedat2(1, 1, true, 4), "a.aedat");
  EXPECT_EQ(got.events[0].t_us, 0xfffffff0);
  EXPECT_EQ(got.events[1].t_us, (std::int64_t{1} << 32) + 4);
}

TEST(Aedat2, SkipsSpecialEvents) {
  const std::string special = big(1u << 15, 4) + big(11, 4);
  EXPECT_EQ(read_aedat2(aedat2_header() + aedat2(1, 1, true, 10) + special, "a.aedat").events.size(), 1u);
}

TEST(Aedat2, RefusesWhatIsNoDvs128Recording) {
  const std::string head = aedat2_header();
  const Error address = error_of([&] { read_aedat2(head + big(1u << 16, 4) + big(1, 4), "a.aedat"); });
  EXPECT_EQ(address.kind(), ErrorKind::bad_data);
  EXPECT_EQ(address.place(), "a.aedat: byte " + std::to_string(head.size()));
  const Error chip =
      error_of([&] { read_aedat2("#!AER-DAT2.0\r\n# AEChip: eu.seebetter.Davis240C\r\n", "a.aedat"); });
  EXPECT_EQ(chip.kind(), ErrorKind::unsupported);
  const Error back =
      error_of([&] { read_aedat2(head + aedat2(1, 1, true, 9) + aedat2(1, 1, true, 8), "a.aedat"); });
  EXPECT_EQ(back.message(), "time goes back from 9 to 8 us");
}

// Every recording is a header of 3412 bytes and 8 bytes an event: sizes add up to 3 556 537 events.
TEST(Aedat2, ReadsTwelveRealRecordings) {
  TERN_NEED_REAL_DATA(folder, "dvs128-objects");
  std::size_t events = 0;
  std::size_t expected = 0;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (file.path().extension() != ".aedat") continue;
    const Recording got = read_events(file.path());
    events += got.events.size();
    expected += (file.file_size() - 3412) / 8;
    const double seconds = static_cast<double>(got.events.back().t_us - got.events.front().t_us) * 1e-6;
    EXPECT_GT(seconds, 17);
    EXPECT_LT(seconds, 37);
  }
  EXPECT_EQ(events, expected);
  EXPECT_EQ(events, 3556537u);
}

}  // namespace
}  // namespace tern::formats
