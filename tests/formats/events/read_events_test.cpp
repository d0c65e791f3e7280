#include "formats/events/read_events.hpp"

#include "formats/events/aedat4_files.hpp"

namespace tern::formats {
namespace {

using namespace testing;

TEST(ReadEvents, ContentDecidesBeforeTheExtension) {
  EXPECT_EQ(read_events(aedat2_header() + aedat2(1, 1, true, 1), "misnamed.bin").width, 128);
  EXPECT_EQ(read_events(aedat31_header() + aedat31_packet(1, 0, 1, aedat31(1, 1, true, 1)), "a.aedat").width,
            128);
  EXPECT_EQ(read_events(aedat4_file(0), "a.dat").width, 320);
  EXPECT_EQ(read_events(evt2_header() + evt2_time(1) + evt2(1, 1, true, 1), "a").width, 640);
  EXPECT_EQ(read_events(evt3_header() + evt3(8, 1) + evt3(0, 1) + evt3(2, 1), "a.raw").width, 1280);
  EXPECT_EQ(read_events(dat_header() + dat(1, 1, true, 1), "a.x").width, 304);
  EXPECT_EQ(read_events(nmnist(1, 1, true, 1), "A.BIN").width, 34);
}

TEST(ReadEvents, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(error_of([] { read_events("hello", "a.txt"); }).kind(), ErrorKind::unsupported);
  EXPECT_EQ(error_of([] { read_events("hello", "a.aedat"); }).kind(), ErrorKind::bad_data);
  EXPECT_STREQ(error_of([] { read_events("", "a.bin"); }).what(), "a.bin: byte 0: the file is empty");
  EXPECT_STREQ(error_of([] { read_events(aedat2_header(), "a.aedat"); }).what(),
               "a.aedat: byte 39: the file ends without an event");
  EXPECT_EQ(error_of([] { read_events(std::filesystem::path("no/such.bin")); }).kind(), ErrorKind::io);
}

TEST(ReadEvents, EveryFormatIsDescribed) {
  for (const EventFormat& format : event_format_table()) {
    EXPECT_FALSE(format.info.summary.empty());
    EXPECT_FALSE(format.info.source.empty());
    for (const std::string& extension : format.extensions) EXPECT_TRUE(has_event_extension("x" + extension));
  }
  EXPECT_FALSE(has_event_extension("x.csv"));
}

}  // namespace
}  // namespace tern::formats
