#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;

class EventFolder : public WithFolder {};

TEST_F(EventFolder, MixesFormatsWhenTheSizeIsGiven) {
  write_class_folders("train", {"cat", "dog"}, 3);
  write_class_folders("test", {"cat"}, 1);
  std::string dvs = aedat2_header();
  for (int i = 0; i < 50; ++i) dvs += aedat2(i, i, true, static_cast<std::uint64_t>(i));
  write_file_atomically(root_ / "test/dog/a.aedat", dvs);
  const Error error = error_of([&] { load_data_set({.name = "event-folder", .path = root_}); });
  EXPECT_EQ(error.place(), "test/dog/a.aedat");
  EXPECT_EQ(error.message(),
            "frames of 128 x 128 (height x width) but others have 34 x 34: give height and width to scale "
            "them alike");
  const FrameDataset data = load_data_set({.name = "event-folder", .path = root_, .height = 16, .width = 17});
  EXPECT_EQ(data.sample_shape, (net::Shape{2, 16, 17}));
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"cat", "dog"}));
  EXPECT_EQ(data.test.size(), 2);
}

}  // namespace
}  // namespace tern::data
