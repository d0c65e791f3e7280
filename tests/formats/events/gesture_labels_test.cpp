#include "formats/events/gesture_labels.hpp"

#include "base/log.hpp"
#include "formats/events/event_files.hpp"

namespace tern::formats {
namespace {

using namespace testing;

const std::string head = "class,startTime_usec,endTime_usec\n";

TEST(GestureLabels, ReadsTrials) {
  const auto trials = read_gesture_labels(head + "1,100,200\r\n11,250,300", "u.csv");
  ASSERT_EQ(trials.size(), 2u);
  EXPECT_EQ(trials[1].gesture, 11);
  EXPECT_EQ(trials[1].begin_us, 250);
  EXPECT_EQ(trials[1].end_us, 300);
}

TEST(GestureLabels, KeepsOverlappingRowsAndSaysSo) {
  std::vector<std::string> lines;
  const LogSink old = set_log_sink([&](LogLevel, std::string_view line) { lines.emplace_back(line); });
  EXPECT_EQ(read_gesture_labels(head + "1,100,200\n2,150,300\n", "u.csv").size(), 2u);
  set_log_sink(old);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "u.csv: gestures 1 and 2 overlap from 150 to 200 us; both are kept");
}

TEST(GestureLabels, NamesFileAndByteOfWhatIsWrong) {
  EXPECT_STREQ(error_of([&] { read_gesture_labels(head + "12,1,2\n", "u.csv"); }).what(),
               "u.csv: byte 34: unknown class 12: gestures are 1 to 11");
  for (const std::string row : {"1,2", "1,2,3,4", "a,1,2", "1,5,5", "1,-1,5", "1,99999999999999999999,5"})
    EXPECT_EQ(error_of([&] { read_gesture_labels(head + row, "u.csv"); }).place(), "u.csv: byte 34") << row;
  EXPECT_EQ(error_of([&] { read_gesture_labels(head, "u.csv"); }).message(), "no gesture");
  EXPECT_EQ(error_of([&] { read_gesture_labels("", "u.csv"); }).kind(), ErrorKind::bad_data);
}

}  // namespace
}  // namespace tern::formats
