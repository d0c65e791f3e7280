#include "formats/events/aedat31.hpp"

#include "formats/events/event_files.hpp"

namespace tern::formats {
namespace {

using namespace testing;

TEST(Aedat31, ReadsPolarityPacketsAndSkipsTheRest) {
  const std::string bytes =
      aedat31_header() + aedat31_packet(1, 0, 2, aedat31(3, 4, true, 10) + aedat31(127, 0, false, 12)) +
      aedat31_packet(0, 0, 3, std::string(24, 'x')) + aedat31_packet(1, 0, 1, aedat31(5, 6, false, 12));
  const std::vector<Event> expected{{10, 3, 4, true}, {12, 127, 0, false}, {12, 5, 6, false}};
  EXPECT_EQ(read_aedat31(bytes, "a.aedat").events, expected);
}

TEST(Aedat31, SkipsInvalidEventsAndUnusedCapacity) {
  const std::string body = aedat31(3, 4, true, 10) + aedat31(3, 4, true, 11, false);
  const Recording got = read_aedat31(aedat31_header() + aedat31_packet(1, 0, 5, body), "a.aedat");
  EXPECT_EQ(got.events.size(), 1u);
}

TEST(Aedat31, AddsTheOverflowOfThePacket) {
  const std::string bytes = aedat31_header() + aedat31_packet(1, 0, 1, aedat31(1, 1, true, 0x7fffffff)) +
                            aedat31_packet(1, 1, 1, aedat31(1, 1, true, 3));
  const Recording got = read_aedat31(bytes, "a.aedat");
  EXPECT_EQ(got.events[1].t_us - got.events[0].t_us, 4);
}

TEST(Aedat31, NamesFileAndByteOfWhatIsWrong) {
  const std::string head = aedat31_header();
  const std::string packet = aedat31_packet(1, 0, 2, aedat31(3, 4, true, 10) + aedat31(128, 0, false, 12));
  EXPECT_EQ(error_of([&] { read_aedat31(head + packet, "a.aedat"); }).place(),
            fmt::format("a.aedat: byte {}", head.size() + 28 + 8));
  const Error cut = error_of([&] { read_aedat31((head + packet).substr(0, head.size() + 40), "a.aedat"); });
  EXPECT_EQ(cut.message(), "truncated: a packet of 16 bytes, 12 are left");
  EXPECT_EQ(error_of([&] { read_aedat31("#!AER-DAT3.1\r\n", "a.aedat"); }).message(),
            "truncated: the header has no line '#!END-HEADER'");
}

}  // namespace
}  // namespace tern::formats
