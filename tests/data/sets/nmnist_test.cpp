#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;

class Nmnist : public WithFolder {
 protected:
  Error refusal() {
    return error_of([&] { load_data_set({.name = "nmnist", .path = root_}); });
  }
};

TEST_F(Nmnist, ClassesAreTheDigitsPresent) {
  write_class_folders("Train", {"2", "7", "9"}, 10);
  write_class_folders("Test", {"2", "7", "9"}, 3);
  const FrameDataset data = load_data_set({.name = "nmnist", .path = root_});
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"2", "7", "9"}));
  EXPECT_EQ(data.sample_shape, (net::Shape{2, 34, 34}));
  EXPECT_EQ(data.num_steps, 10);
  EXPECT_EQ(data.train.size(), 27);
  EXPECT_EQ(data.validation.size(), 3);
  EXPECT_EQ(data.test.labels, (std::vector<std::int32_t>{0, 0, 0, 1, 1, 1, 2, 2, 2}));
  EXPECT_EQ(data.test.sample_names[4], "Test/7/001.bin");
  EXPECT_EQ(data.test.frames.size(), static_cast<std::size_t>(9 * data.sample_size()));
  EXPECT_EQ(data.dropped_events, 0);
}

TEST_F(Nmnist, SaysWhatItExpected) {
  write_class_folders("test", {"2"}, 1);
  EXPECT_EQ(refusal().kind(), ErrorKind::usage);
  EXPECT_EQ(refusal().message(),
            "no folder 'Train' in " + root_.string() + ": expected Train/CLASS/FILE and Test/CLASS/FILE");
}

TEST_F(Nmnist, MislabelledFilesAreErrors) {
  write_class_folders("Train", {"2", "7"}, 2);
  write_class_folders("Test", {"2", "8"}, 2);
  EXPECT_EQ(refusal().message(), "'8' is not a class: the training folder has 2, 7");
  fs::remove_all(root_ / "Test/8");
  fs::create_directories(root_ / "Test/7");
  EXPECT_EQ(refusal().message(), "the class has no recording");
  write_file_atomically(root_ / "Test/7/notes.txt", "x");
  EXPECT_EQ(refusal().place(), (root_ / "Test/7/notes.txt").string());
  fs::remove_all(root_ / "Test/7");
  write_file_atomically(root_ / "Test/000.bin", nmnist_file(0, 0));
  EXPECT_EQ(refusal().message(), "an event file outside the class folders has no label");
  fs::remove(root_ / "Test/000.bin");
  write_file_atomically(root_ / ".DS_Store", "hidden files are no concern of ours");
  write_file_atomically(root_ / "Train/2/.hidden", "");
  EXPECT_NO_THROW(load_data_set({.name = "nmnist", .path = root_}));
  write_class_folders("Train", {"cat"}, 1);
  EXPECT_EQ(refusal().message(), "'cat' is not a class: expected digits 0 to 9");
}

TEST_F(Nmnist, ACorruptFileIsNamedWithItsByte) {
  write_class_folders("Train", {"2", "7"}, 2);
  write_class_folders("Test", {"2"}, 2);
  const fs::path bad = root_ / "Train/7/000.bin";
  write_file_atomically(bad, nmnist_file(1, 0).substr(0, 103));
  EXPECT_EQ(refusal().kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal().place(), bad.string() + ": byte 100");
}

TEST_F(Nmnist, LoadsTheRealFourClasses) {
  TERN_NEED_REAL_DATA(folder, "nmnist-4class");
  const FrameDataset data = load_data_set({.name = "nmnist", .path = folder, .max_per_class = 50});
  EXPECT_EQ(data.class_names, (std::vector<std::string>{"6", "7", "8", "9"}));
  EXPECT_EQ(data.train.size(), 180);
  EXPECT_EQ(data.validation.size(), 20);
  EXPECT_EQ(data.test.size(), 200);
}

}  // namespace
}  // namespace tern::data
