#include "formats/events/evt3.hpp"

#include "formats/events/event_files.hpp"
#include "formats/events/read_events.hpp"

namespace tern::formats {
namespace {

using namespace testing;

TEST(Evt3, ExpandsSingleEventsAndVectors) {
  const std::string bytes = evt3_header() + evt3(8, 1) + evt3(6, 2) + evt3(0, 7) + evt3(2, 100 | 1 << 11) +
                            evt3(3, 20) + evt3(4, 0b100000000001) + evt3(5, 0b10);
  const Recording got = read_evt3(bytes, "a.raw");
  const std::int64_t t = 4098;
  const std::vector<Event> expected{
      {t, 100, 7, true}, {t, 20, 7, false}, {t, 31, 7, false}, {t, 33, 7, false}};
  EXPECT_EQ(got.events, expected);
  EXPECT_EQ(got.width, 1280);
  EXPECT_EQ(got.height, 720);
}

TEST(Evt3, UndoesTheWrapAroundOfItsClock) {
  const std::string bytes = evt3_header() + evt3(0, 1) + evt3(8, 0xfff) + evt3(6, 0xfff) + evt3(2, 1) +
                            evt3(8, 0) + evt3(6, 0) + evt3(2, 1);
  const Recording got = read_evt3(bytes, "a.raw");
  EXPECT_EQ(got.events[1].t_us - got.events[0].t_us, 1);
}

TEST(Evt3, NamesFileAndByteOfWhatIsWrong) {
  const std::string head = evt3_header() + evt3(8, 5) + evt3(0, 1) + evt3(6, 9) + evt3(2, 1) + evt3(6, 8);
  const std::string at = fmt::format("a.raw: byte {}", head.size());
  for (const std::string& bad : {evt3(2, 1), evt3(8, 4), evt3(1, 0), std::string("a")}) {
    const Error error = error_of([&] { read_evt3(head + bad, "a.raw"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    EXPECT_EQ(error.place(), at);
  }
}

// Independent count: 197550 single events and 22046 set bits of 31863 vector words.
TEST(Evt3, ReadsARealFile) {
  TERN_NEED_REAL_DATA(folder, "event-samples");
  const Recording got = read_events(folder / "evt3_sample.raw");
  EXPECT_EQ(got.events.size(), 219596u);
  EXPECT_EQ(got.width, 1280);
  EXPECT_EQ(got.height, 720);
}

}  // namespace
}  // namespace tern::formats
