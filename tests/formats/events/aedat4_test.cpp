#include "formats/events/aedat4.hpp"

#include "formats/events/aedat4_files.hpp"
#include "formats/events/read_events.hpp"

namespace tern::formats {
namespace {

using namespace testing;

TEST(Aedat4, ReadsEveryCompression) {
  const std::vector<Event> expected{{1000, 319, 0, true}, {1001, 0, 239, false}, {1002, 5, 6, true}};
  for (const int compression : {0, 1, 3}) {
    const Recording got = read_aedat4(aedat4_file(compression), "a.aedat4");
    EXPECT_EQ(got.events, expected) << compression;
    EXPECT_EQ(got.width, 320);
    EXPECT_EQ(got.height, 240);
  }
}

TEST(Aedat4, NamesFileAndByteOfWhatIsWrong) {
  const std::string head = aedat4_header(1);
  const std::string at = fmt::format("a.aedat4: byte {}", head.size());
  const auto packet = [](const std::string& events) {
    return aedat4_packet(0, lz4_of(aedat4_event_packet(events)));
  };
  for (const std::string& bad :
       {packet(aedat4_event(0, 320, 0, true)), packet(aedat4_event(0, -1, 0, true)),
        packet(aedat4_event(2, 0, 0, true) + aedat4_event(1, 0, 0, true)), aedat4_packet(7, ""),
        aedat4_packet(0, "not lz4"), aedat4_packet(0, lz4_of("not a flatbuffer")), aedat4_packet(0, "")}) {
    const Error error = error_of([&] { read_aedat4(head + bad, "a.aedat4"); });
    EXPECT_EQ(error.kind(), ErrorKind::bad_data) << error.what();
    EXPECT_EQ(error.place(), at) << error.what();
  }
  EXPECT_EQ(error_of([&] { read_aedat4(aedat4_header(9) + aedat4_packet(0, "x"), "a.aedat4"); }).kind(),
            ErrorKind::unsupported);
}

// A packet that would unpack to a gigabyte of zeros ends at the limit, not at the end of memory.
TEST(Aedat4, StopsAtTheLimitOfAPacket) {
  const std::string bomb = zstd_of(std::string((std::size_t{1} << 28) + 1, '\0'));
  const Error error = error_of([&] { read_aedat4(aedat4_header(3) + aedat4_packet(0, bomb), "a.aedat4"); });
  EXPECT_EQ(error.kind(), ErrorKind::bad_data);
  EXPECT_NE(error.message().find("unpacks to more than"), std::string::npos) << error.what();
}

// Independent count: the lengths of the event vectors of all packets, unpacked by the lz4 program, add up to
// 111954.
TEST(Aedat4, ReadsARealFile) {
  TERN_NEED_REAL_DATA(folder, "event-samples");
  const Recording got = read_events(folder / "sample.aedat4");
  EXPECT_EQ(got.width, 320);
  EXPECT_EQ(got.height, 240);
  EXPECT_EQ(got.events.size(), 111954u);
}

}  // namespace
}  // namespace tern::formats
