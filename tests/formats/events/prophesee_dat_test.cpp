#include "formats/events/prophesee_dat.hpp"

#include "formats/events/event_files.hpp"
#include "formats/events/read_events.hpp"

namespace tern::formats {
namespace {

using namespace testing;

TEST(PropheseeDat, ReadsEventsAndTheSensor) {
  const Recording got =
      read_prophesee_dat(dat_header() + dat(303, 0, true, 5) + dat(0, 239, false, 6), "a.dat");
  const std::vector<Event> expected{{5, 303, 0, true}, {6, 0, 239, false}};
  EXPECT_EQ(got.events, expected);
  EXPECT_EQ(got.width, 304);
  EXPECT_TRUE(got.size_stated);
}

TEST(PropheseeDat, UndoesTheWrapAroundOfItsClock) {
  const Recording got =
      read_prophesee_dat(dat_header() + dat(1, 1, true, 0xffffffff) + dat(1, 1, true, 0), "a.dat");
  EXPECT_EQ(got.events[1].t_us, std::int64_t{1} << 32);
}

TEST(PropheseeDat, NamesFileAndByteOfWhatIsWrong) {
  const std::string head = dat_header() + dat(1, 1, true, 5);
  const std::string at = fmt::format("a.dat: byte {}", head.size());
  for (const std::string& bad : {dat(304, 0, true, 6), dat(1, 1, true, 4)})
    EXPECT_EQ(error_of([&] { read_prophesee_dat(head + bad, "a.dat"); }).place(), at);
  EXPECT_EQ(error_of([&] { read_prophesee_dat("% Version 1\n", "a.dat"); }).kind(), ErrorKind::unsupported);
}

// (16165 - 93 bytes of header) / 8 = 2009 events; the file names no sensor.
TEST(PropheseeDat, ReadsARealFile) {
  TERN_NEED_REAL_DATA(folder, "event-samples");
  const Recording got = read_events(folder / "sample_ncars.dat");
  EXPECT_EQ(got.events.size(), 2009u);
  EXPECT_FALSE(got.size_stated);
  EXPECT_EQ(got.width, 78);
  EXPECT_EQ(got.height, 42);
  EXPECT_EQ(got.events.back().t_us, 99952);
}

}  // namespace
}  // namespace tern::formats
