#include "formats/images/idx.hpp"

#include <unistd.h>

#include "base/atomic_file.hpp"
#include "formats/images/image_files.hpp"

namespace tern::formats {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class IdxFile : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove(path_); }
  Idx read(const std::string& bytes) {
    write_file_atomically(path_, bytes);
    return read_idx(path_);
  }
  Error refusal(const std::string& bytes) {
    return error_of([&] { read(bytes); });
  }
  fs::path path_ = fs::temp_directory_path() / ("tern_idx_" + std::to_string(::getpid()));
};

TEST_F(IdxFile, ReadsPlainAndCompressed) {
  std::string values;
  for (int i = 0; i < 2 * 3 * 5; ++i) values += static_cast<char>(i * 9);
  const std::string bytes = idx_header({2, 3, 5}) + values;
  for (const std::string& file : {bytes, gzipped(bytes)}) {
    const Idx idx = read(file);
    EXPECT_EQ(idx.shape, (std::vector<std::int64_t>{2, 3, 5}));
    ASSERT_EQ(idx.values.size(), 30u);
    EXPECT_EQ(idx.values[29], 29 * 9 % 256);
  }
}

TEST_F(IdxFile, OtherFilesAreRefused) {
  EXPECT_EQ(refusal("").message(), "the file ends within its first four bytes");
  EXPECT_EQ(refusal(std::string("\x00\x00\x0d\x01\x00\x00\x00\x00", 8)).message(),  // floats
            "expected an IDX file of bytes (0, 0, 8, number of dimensions 1..4), it begins with 0, 0, 13, 1");
  EXPECT_EQ(refusal("#!AER-DAT2.0").kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal(idx_header({})).kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal(idx_header({1, 1, 1, 1, 1}) + "x").kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal(idx_header({4}) + "12345").message(), "bytes follow the 4 promised values");
  EXPECT_EQ(error_of([] { read_idx("/nowhere/at-all"); }).kind(), ErrorKind::io);
}

TEST_F(IdxFile, PromisedSizesAreNotBelieved) {
  EXPECT_EQ(refusal(idx_header({0xffffffff, 0xffffffff, 0xffffffff})).message(),
            "dimension 0 is 4294967295: expected at least 1 and at most 2147483648 values in all");
  EXPECT_EQ(refusal(idx_header({1 << 16, 1 << 16})).kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal(idx_header({3, 0})).kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal(idx_header({1 << 15, 1 << 16}) + "abc").message(),
            "its header promises 2147483648 values, the file holds 3");
}

TEST_F(IdxFile, EveryTruncationAndManyDamagesAreErrors) {
  std::string values;
  for (int i = 0; i < 600; ++i) values += static_cast<char>(i * i);
  const std::string plain = idx_header({6, 100}) + values, packed = gzipped(plain);
  for (const std::string& whole : {plain, packed})
    for (std::size_t size = 0; size < whole.size(); size += 7) {
      const Error error = refusal(whole.substr(0, size));
      EXPECT_EQ(error.kind(), ErrorKind::bad_data) << size << " of " << whole.size() << ": " << error.what();
      EXPECT_EQ(error.place(), path_.string());
    }
  // The checksum at the end of a gzip file catches what its decoder does not.
  for (std::size_t at = 12; at < packed.size() - 4; at += 5) {
    std::string damaged = packed;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    EXPECT_EQ(refusal(damaged).kind(), ErrorKind::bad_data) << at;
  }
}

}  // namespace
}  // namespace tern::formats
