#include "base/atomic_file.hpp"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/error.hpp"

namespace tern {
namespace {
namespace fs = std::filesystem;

struct AtomicFileTest : ::testing::Test {
  fs::path folder = fs::temp_directory_path() / ("tern_atomic_" + std::to_string(::getpid()));
  void SetUp() override { fs::create_directories(folder); }
  void TearDown() override { fs::remove_all(folder); }
};

TEST_F(AtomicFileTest, KeepsTheOldFileUntilCommit) {
  const fs::path path = folder / "deep" / "a.txt";
  write_file_atomically(path, "old");
  {
    AtomicFile file(path);
    file.write("half of the new");
  }
  EXPECT_EQ(read_file(path), "old");
  write_file_atomically(path, std::string("new\0bytes", 9));
  EXPECT_EQ(read_file(path), std::string("new\0bytes", 9));
  EXPECT_EQ(std::distance(fs::directory_iterator(path.parent_path()), fs::directory_iterator()), 1);
}

TEST_F(AtomicFileTest, NamesThePathAndTheReason) {
  try {
    read_file(folder / "missing");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_NE(std::string(error.what()).find("missing: cannot open: No such file"), std::string::npos) << error.what();
  }
}

TEST_F(AtomicFileTest, FullDiskLosesNothing) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  EXPECT_THROW(
      {
        AtomicFile file("/dev/full/below");
        file.write("x");
      },
      Error);
}

}  // namespace
}  // namespace tern
