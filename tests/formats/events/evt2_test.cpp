#include "formats/events/evt2.hpp"

#include "formats/events/event_files.hpp"
#include "formats/events/read_events.hpp"

namespace tern::formats {
namespace {

using namespace testing;

TEST(Evt2, JoinsTheTwoHalvesOfTheTime) {
  const std::string bytes = evt2_header() + evt2(9, 9, true, 1) + evt2_time(2) + evt2(639, 479, true, 5) +
                            little(0xe0000000, 4) + evt2_time(3) + evt2(0, 1, false, 0);
  const Recording got = read_evt2(bytes, "a.raw");
  const std::vector<Event> expected{{133, 639, 479, true}, {192, 0, 1, false}};
  EXPECT_EQ(got.events, expected);  // the event before the first time word has no time and is skipped
  EXPECT_EQ(got.width, 640);
}

TEST(Evt2, UndoesTheWrapAroundOfItsClock) {
  const std::string bytes =
      evt2_header() + evt2_time(0x0fffffff) + evt2(1, 1, true, 63) + evt2_time(0) + evt2(1, 1, true, 0);
  const Recording got = read_evt2(bytes, "a.raw");
  EXPECT_EQ(got.events[1].t_us - got.events[0].t_us, 1);
}

TEST(Evt2, NamesFileAndByteOfWhatIsWrong) {
  const std::string head = evt2_header() + evt2_time(5);
  const std::string at = fmt::format("a.raw: byte {}", head.size());
  for (const std::string& bad :
       {evt2(640, 0, true, 0), evt2_time(4), little(0x50000000, 4), std::string("abc")}) {
    const Error error = error_of([&] { read_evt2(head + bad, "a.raw"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    EXPECT_EQ(error.place(), at);
  }
}

// Independent count: 539481 of the file's 32-bit words have type 0 or 1, all behind the first time word.
TEST(Evt2, ReadsARealFile) {
  TERN_NEED_REAL_DATA(folder, "event-samples");
  const Recording got = read_events(folder / "evt2_sample.raw");
  EXPECT_EQ(got.events.size(), 539481u);
  EXPECT_EQ(got.width, 640);  // "plugin_name hal_plugin_gen3_fx3"
  EXPECT_EQ(got.height, 480);
  EXPECT_EQ(std::count_if(got.events.begin(), got.events.end(), [](const Event& e) { return e.polarity; }),
            367855);
}

}  // namespace
}  // namespace tern::formats
