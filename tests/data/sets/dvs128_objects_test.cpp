#include <set>

#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;

class Dvs128Objects : public WithFolder {
 protected:
  /// One event a millisecond for `ms`.
  void write_recording(const std::string& session, const std::string& object, int ms, int offset) {
    std::string bytes = aedat2_header();
    for (int i = 0; i < ms; ++i)
      bytes += aedat2((i * 7 + offset) % 128, i % 128, i % 2 == 0, 5000u + 1000u * i);
    write_file_atomically(root_ / session / (object + ".aedat"), bytes);
  }
  void write_all() {
    for (const std::string session : {"session-1", "session-2"}) {
      write_recording(session, "box", 2050, 0);
      write_recording(session, "mug", 1001, 5);
    }
    write_recording("session-1", "phone", 500, 9);
  }
};

TEST_F(Dvs128Objects, CutsWindowsAndHoldsBackTheLast) {
  write_all();
  const FrameDataset data =
      load_data_set({.name = "dvs128-objects", .path = root_, .validation_fraction = 0.2});
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"box", "mug"}));  // phone is in one session only
  EXPECT_EQ(data.sample_shape, (net::Shape{2, 32, 32}));
  EXPECT_EQ(data.num_steps, 10);
  EXPECT_EQ(data.train.size(), 16 + 8);
  EXPECT_EQ(data.validation.size(), 4 + 2);
  EXPECT_EQ(data.test.size(), 20 + 10);
  EXPECT_EQ(data.train.sample_names[15], "session-1/box@1500ms");
  EXPECT_EQ(data.validation.sample_names[0], "session-1/box@1600ms");
  EXPECT_EQ(data.test.sample_names[0], "session-2/box@0ms");
  EXPECT_NE(data.split_statement.find("last contiguous 0.2 of the windows"), std::string::npos);
  // 100 events a window, 10 a step of 10 ms.
  for (std::size_t step = 0; step < 10; ++step) {
    int events = 0;
    for (std::size_t i = 0; i < 2 * 32 * 32; ++i) events += data.test.frames[step * 2 * 32 * 32 + i];
    EXPECT_EQ(events, 10);
  }
}

TEST_F(Dvs128Objects, MaxPerClassLimitsWindows) {
  write_all();
  const FrameDataset data = load_data_set({.name = "dvs128-objects", .path = root_, .max_per_class = 5});
  EXPECT_EQ(data.train.size(), 2 * 4);
  EXPECT_EQ(data.validation.size(), 2 * 1);
  EXPECT_EQ(data.test.size(), 2 * 5);
  EXPECT_EQ(data.test.frames.size(), static_cast<std::size_t>(10 * data.sample_size()));
}

TEST_F(Dvs128Objects, SaysWhatItExpected) {
  const auto refusal = [&](double window_ms) {
    return error_of(
        [&] { load_data_set({.name = "dvs128-objects", .path = root_, .window_ms = window_ms}); });
  };
  EXPECT_EQ(refusal(100).message(), "0 folders session-* in " + root_.string() +
                                        ": expected session-DATE/OBJECT.aedat, two sessions");
  write_recording("session-1", "box", 1000, 0);
  write_recording("session-2", "mug", 1000, 0);
  EXPECT_EQ(refusal(100).message(), "no object is in both sessions");
  write_recording("session-2", "box", 1000, 0);
  EXPECT_EQ(refusal(1500).message(), "the recording is shorter than one window of 1500000 us");
}

TEST_F(Dvs128Objects, LoadsTheRealSessions) {
  TERN_NEED_REAL_DATA(folder, "dvs128-objects");
  const FrameDataset data = load_data_set({.name = "dvs128-objects", .path = folder});
  EXPECT_EQ(data.class_names,
            (std::vector<std::string>{"Caixa", "Caneca", "Estilete", "Lapiseira", "Tesoura"}));
  // Whole windows of 100 ms from first to last time stamp: 184 + 205 + 183 + 185 + 187 and 327 + 335 + 335 +
  // 364 + 330.
  EXPECT_EQ(data.train.size() + data.validation.size(), 944);
  EXPECT_EQ(data.test.size(), 1691);
  EXPECT_EQ(data.dropped_events, 0);
}

}  // namespace
}  // namespace tern::data
