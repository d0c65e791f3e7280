#include "data/dataset.hpp"

#include <set>

#include "base/interrupt.hpp"
#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;

Error refusal(const DataOptions& options) {
  return error_of([&] { resolve(options); });
}

TEST(DataOptions, ZeroMeansTheDefaultOfTheDataSet) {
  const DataOptions objects = resolve({.name = "dvs128-objects", .path = "x"});
  EXPECT_EQ(objects.num_steps, 10);
  EXPECT_EQ(objects.slicing, "time");
  EXPECT_EQ(objects.window_ms, 100);
  EXPECT_EQ(objects.height, 32);
  const DataOptions gesture = resolve({.name = "dvs128-gesture", .path = "x"});
  EXPECT_EQ(gesture.num_steps, 20);
  EXPECT_EQ(gesture.slicing, "count");
  EXPECT_EQ(gesture.height, 0);
  EXPECT_EQ(resolve({.step_ms = 5}).slicing, "time");
}

TEST(DataOptions, ContradictionsAreUsageErrors) {
  EXPECT_EQ(refusal({.name = "nmnits"}).message().substr(0, 45),
            "unknown data set 'nmnits': did you mean 'nmni");
  EXPECT_STREQ(refusal({.num_steps = -1}).what(), "data: num_steps: expected 1..1024, got -1");
  EXPECT_EQ(refusal({.slicing = "events"}).message(), "slicing: expected count or time, got 'events'");
  EXPECT_EQ(refusal({.slicing = "count", .step_ms = 2}).message(),
            "step_ms needs slicing=time, got slicing=count");
  EXPECT_EQ(refusal({.window_ms = 2}).message(), "window_ms: 'nmnist-mini' is not cut into windows");
  EXPECT_EQ(refusal({.height = 2}).message(), "give height and width, or neither: got 2 x 0");
  EXPECT_EQ(refusal({.transforms = "flop"}).kind(), ErrorKind::usage);
  EXPECT_EQ(refusal({.validation_fraction = 1}).kind(), ErrorKind::usage);
  EXPECT_EQ(refusal({.name = "nmnist"}).message().substr(0, 19), "'nmnist' needs path");
}

TEST(DataSetTable, EveryRowIsDescribed) {
  std::set<std::string> names;
  for (const DataSetRow& row : data_set_table()) {
    EXPECT_FALSE(row.info.summary.empty());
    EXPECT_GT(row.defaults.num_steps, 0);
    EXPECT_GE(row.info.parameters.size(), row.images ? 5u : 12u);
    names.insert(row.info.name);
  }
  EXPECT_EQ(names, (std::set<std::string>{"nmnist", "nmnist-mini", "dvs128-objects", "dvs128-gesture",
                                          "event-folder", "fashion-mnist", "mnist", "cifar10", "cifar10-jpg",
                                          "image-folder"}));
}

class Loading : public WithFolder {
 protected:
  void SetUp() override {
    WithFolder::SetUp();
    write_class_folders("Train", {"3", "5"}, 10);
    write_class_folders("Test", {"3", "5"}, 4);
  }
};

TEST_F(Loading, DescribesWhatItLoaded) {
  const std::string text = describe(load_data_set({.name = "nmnist", .path = root_, .num_steps = 4}));
  EXPECT_NE(text.find("nmnist: 2 classes, 4 steps of [2, 34, 34]"), std::string::npos) << text;
  EXPECT_NE(text.find("60 events a sample"), std::string::npos) << text;
  EXPECT_NE(text.find("18 train, 2 validation, 8 test samples"), std::string::npos) << text;
}

TEST_F(Loading, SaturationIsReported) {
  std::string many;
  for (int i = 0; i < 300; ++i) many += nmnist(1, 1, true, i);
  write_file_atomically(root_ / "Test/3/000.bin", many);
  const FrameDataset data = load_data_set({.name = "nmnist", .path = root_, .num_steps = 1});
  EXPECT_EQ(data.saturated, 1);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_EQ(warnings_[0], "nmnist: 1 cells held more than 255 events and were clipped");
}

TEST_F(Loading, StopsWhenAsked) {
  request_stop(true);
  const Error error = error_of([&] { load_data_set({.name = "nmnist", .path = root_}); });
  request_stop(false);
  EXPECT_EQ(error.kind(), ErrorKind::interrupted);
}

TEST_F(Loading, ReportsProgressToTheEnd) {
  Progress last;
  load_data_set({.name = "nmnist", .path = root_}, [&](const Progress& progress) { last = progress; });
  EXPECT_EQ(last.done, 28);
  EXPECT_EQ(last.total, 28);
  EXPECT_TRUE(last.finished);
}

TEST_F(Loading, AugmentingTransformsChangeTheChecksum) {
  const auto checksum = [&](const std::string& transforms, std::uint64_t seed) {
    DataOptions options{.name = "nmnist", .path = root_};
    options.transforms = transforms;
    options.seed = seed;
    options.validation_fraction = 0;
    return load_data_set(options).checksum;
  };
  EXPECT_EQ(checksum("", 1), checksum("", 2));
  EXPECT_EQ(checksum("spatial_jitter", 1), checksum("spatial_jitter", 1));
  EXPECT_NE(checksum("spatial_jitter", 1), checksum("spatial_jitter", 2));
}

}  // namespace
}  // namespace tern::data
