#include "base/mapped_file.hpp"

#include <cstdint>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace tern {
namespace {
namespace fs = std::filesystem;

struct MappedFileTest : ::testing::Test {
  fs::path folder = fs::temp_directory_path() / ("tern_mapped_" + std::to_string(::getpid()));
  void SetUp() override { fs::create_directories(folder); }
  void TearDown() override { fs::remove_all(folder); }
};

TEST_F(MappedFileTest, HoldsTheBytesOfTheFile) {
  for (const std::size_t size : {1, 4095, 4096, 4097, 100'000}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + size);
    write_file_atomically(folder / "a", bytes);
    for (const auto pattern : {AccessPattern::sequential, AccessPattern::random}) {
      const MappedFile file(folder / "a", pattern);
      EXPECT_TRUE(file.is_mapped());
      EXPECT_TRUE(file.bytes() == bytes) << size;
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file.bytes().data()) % 16, 0U);
    }
  }
}

TEST_F(MappedFileTest, AnEmptyFileHasNoBytes) {
  write_file_atomically(folder / "empty", "");
  EXPECT_TRUE(MappedFile(folder / "empty").bytes().empty());
}

TEST_F(MappedFileTest, MovesWithItsBytesAndGivesUpWhatItHeld) {
  write_file_atomically(folder / "a", "first");
  write_file_atomically(folder / "b", "second");
  MappedFile a(folder / "a");
  const char* const address = a.bytes().data();
  MappedFile moved(std::move(a));
  EXPECT_EQ(moved.bytes(), "first");
  EXPECT_EQ(moved.bytes().data(), address);
  moved = MappedFile(folder / "b");
  EXPECT_EQ(moved.bytes(), "second");
}

TEST_F(MappedFileTest, AReplacedFileKeepsItsOldBytes) {
  write_file_atomically(folder / "a", "old bytes");
  const MappedFile file(folder / "a");
  write_file_atomically(folder / "a", "new");
  fs::remove(folder / "a");
  EXPECT_EQ(file.bytes(), "old bytes");
}

TEST_F(MappedFileTest, ReadsAPipe) {
  const fs::path pipe = folder / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string sent(200'000, 'x');
  std::thread writer([&] {
    FILE* const out = std::fopen(pipe.c_str(), "w");
    ASSERT_NE(out, nullptr);
    std::fwrite(sent.data(), 1, sent.size(), out);
    std::fclose(out);
  });
  const MappedFile file(pipe);
  writer.join();
  EXPECT_FALSE(file.is_mapped());
  EXPECT_TRUE(file.bytes() == sent);
}

TEST_F(MappedFileTest, NamesThePathAndTheReason) {
  const auto refusal = [](const fs::path& path) {
    try {
      const MappedFile file(path);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::io);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(refusal(folder / "missing"), (folder / "missing").string() + ": cannot open: No such file or directory");
  EXPECT_EQ(refusal(folder), folder.string() + ": cannot read: Is a directory");
}

}  // namespace
}  // namespace tern
