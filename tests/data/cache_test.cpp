#include "data/cache.hpp"

#include "data/folders.hpp"

namespace tern::data {
namespace {

using namespace testing;

class Cache : public WithFolder {
 protected:
  void SetUp() override {
    WithFolder::SetUp();
    write_class_folders("Train", {"0", "1"}, 5);
    write_class_folders("Test", {"0", "1"}, 2);
    options_ = {.name = "nmnist", .path = root_, .num_steps = 3, .cache_dir = root_ / ".cache"};
  }
  std::vector<fs::path> stored() const {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(options_.cache_dir)) files.push_back(entry.path());
    return files;
  }
  static void expect_same(const FrameDataset& a, const FrameDataset& b) {
    EXPECT_EQ(a.checksum, b.checksum);
    EXPECT_EQ(a.train.frames, b.train.frames);
    EXPECT_EQ(a.validation.sample_names, b.validation.sample_names);
    EXPECT_EQ(a.test.labels, b.test.labels);
    EXPECT_EQ(a.split_statement, b.split_statement);
    EXPECT_EQ(a.transform, b.transform);
    EXPECT_EQ(describe(a), describe(b));
  }
  DataOptions options_;
};

TEST_F(Cache, TheSecondLoadReadsNoRecording) {
  const FrameDataset first = load_data_set(options_);
  ASSERT_EQ(stored().size(), 1u);
  int reports = 0;
  expect_same(first, load_data_set(options_, [&](const Progress&) { ++reports; }));
  EXPECT_EQ(reports, 0);
  EXPECT_EQ(checksum_of(first), first.checksum);
}

TEST_F(Cache, OtherOptionsAndChangedFilesAreOtherEntries) {
  load_data_set(options_);
  DataOptions other = options_;
  other.num_steps = 4;
  load_data_set(other);
  other = options_;
  other.seed = 1;
  load_data_set(other);
  EXPECT_EQ(stored().size(), 3u);
  write_file_atomically(root_ / "Train/0/000.bin", nmnist_file(0, 99, 61));
  const FrameDataset changed = load_data_set(options_);
  EXPECT_EQ(stored().size(), 4u);
  options_.cache_dir.clear();
  expect_same(changed, load_data_set(options_));
}

TEST_F(Cache, DamagedEntriesAreRebuiltWithAWarning) {
  const FrameDataset first = load_data_set(options_);
  const fs::path file = stored().at(0);
  const std::string whole = tern::read_file(file);
  for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 25) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ 4);
    for (const std::string& damaged : {bytes, whole.substr(0, at)}) {
      warnings_.clear();
      write_file_atomically(file, damaged);
      expect_same(first, load_data_set(options_));
      EXPECT_EQ(warnings_.size(), 1u) << at;
      EXPECT_EQ(tern::read_file(file), whole);
    }
  }
}

TEST_F(Cache, ALoadWorksWhereTheCacheCannotBeWritten) {
  write_file_atomically(root_ / "file", "not a folder");
  options_.cache_dir = root_ / "file" / "below";
  EXPECT_EQ(load_data_set(options_).test.size(), 4);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_TRUE(warnings_[0].starts_with("the cache is not written: ")) << warnings_[0];
}

}  // namespace
}  // namespace tern::data
