#include <algorithm>

#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;

class Cifar10 : public WithFolder {
 protected:
  /// `count` records; plane c of record i holds 10 * c + i, but its last pixel holds 255.
  static std::string batch(int count) {
    std::string bytes;
    for (int i = 0; i < count; ++i) {
      bytes += static_cast<char>(i % 10);
      for (int c = 0; c < 3; ++c) bytes += std::string(1023, static_cast<char>(10 * c + i)) + '\xff';
    }
    return bytes;
  }
  void write(const std::string& name, const std::string& bytes) {
    write_file_atomically(root_ / name, bytes);
  }
  void SetUp() override {
    WithFolder::SetUp();
    for (const char* number : {"1", "2", "3", "4", "5"})
      write("data_batch_" + std::string(number) + ".bin", batch(20));
    write("test_batch.bin", batch(12));
  }
  Error refusal(const std::string& name = "cifar10") {
    return error_of([&] { load_data_set({.name = name, .path = root_}); });
  }
};

TEST_F(Cifar10, ReadsTheSixFiles) {
  const FrameDataset data = load_data_set({.name = "cifar10", .path = root_});
  EXPECT_EQ(data.sample_shape, (net::Shape{3, 32, 32}));
  EXPECT_EQ(data.class_names[3], "cat");
  EXPECT_EQ(data.train.size(), 90);
  for (std::int32_t label = 0; label < 10; ++label)
    EXPECT_EQ(std::count(data.validation.labels.begin(), data.validation.labels.end(), label), 1);
  EXPECT_EQ(data.test.labels, (std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1}));
  EXPECT_EQ(data.test.sample_names[7], "test_batch/0007");
  for (std::size_t c = 0; c < 3; ++c) {
    const std::size_t plane = (7 * 3 + c) * 1024;
    EXPECT_EQ(data.test.frames[plane], 10 * c + 7);
    EXPECT_EQ(data.test.frames[plane + 1023], 255);
  }
}

TEST_F(Cifar10, DamagedFilesAreNamed) {
  write("data_batch_4.bin", batch(2).substr(1));
  EXPECT_EQ(refusal().place(), (root_ / "data_batch_4.bin").string());
  EXPECT_EQ(refusal().message(), "expected records of 3073 bytes, the file has 6145 bytes");
  write("data_batch_4.bin", "");
  EXPECT_EQ(refusal().kind(), ErrorKind::bad_data);
  write("data_batch_4.bin", "\x0a" + std::string(3072, 'x'));
  EXPECT_EQ(refusal().message(), "label 10 of record 0: expected 0 to 9");
  fs::remove(root_ / "data_batch_4.bin");
  EXPECT_EQ(refusal().kind(), ErrorKind::usage);
}

}  // namespace
}  // namespace tern::data
