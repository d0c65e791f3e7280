#include "base/error.hpp"

#include <gtest/gtest.h>

namespace tern {
namespace {

TEST(Error, SaysWhereAndWhat) {
  const Error error(ErrorKind::bad_data, "truncated after 12 bytes", "a.bin");
  EXPECT_STREQ(error.what(), "a.bin: truncated after 12 bytes");
  EXPECT_STREQ(error.within("train").what(), "train: a.bin: truncated after 12 bytes");
  EXPECT_STREQ(Error(ErrorKind::io, "disk full").within("x").what(), "x: disk full");
}

TEST(Error, FailFormatsItsMessage) {
  try {
    fail(ErrorKind::usage, "node 'a'", "expected {}, got {}", 3, "four");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_STREQ(error.what(), "node 'a': expected 3, got four");
  }
}

}  // namespace
}  // namespace tern
