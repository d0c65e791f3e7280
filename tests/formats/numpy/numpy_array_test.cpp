#include "formats/numpy/numpy_array.hpp"

#include "base/seed.hpp"
#include "formats/numpy/numpy_files.hpp"

namespace tern::formats {
namespace {

using namespace testing;

Error refusal(const std::string& bytes) {
  return error_of([&] { read_npy(bytes, "a"); });
}

TEST(Npy, ReadsEveryNumberType) {
  EXPECT_EQ(integers(read_npy(npy<std::int8_t>("|i1", {2}, {-1, 2}), "a"), "a"),
            (std::vector<std::int64_t>{-1, 2}));
  EXPECT_EQ(integers(read_npy(npy<std::uint16_t>("<u2", {2}, {65535, 2}), "a"), "a"),
            (std::vector<std::int64_t>{65535, 2}));
  EXPECT_EQ(integers(read_npy(npy<double>("<f8", {2}, {-3, 4}), "a"), "a"),
            (std::vector<std::int64_t>{-3, 4}));
  EXPECT_EQ(integers(read_npy(npy<std::uint8_t>("|b1", {2}, {1, 0}), "a"), "a"),
            (std::vector<std::int64_t>{1, 0}));
  EXPECT_EQ(floats(read_npy(npy<double>("<f8", {1}, {0.5}), "a"), "a"), (std::vector<float>{0.5F}));
  EXPECT_EQ(integers(read_npy(npy<std::uint8_t>(">i4", {1}, {0, 0, 1, 2}), "a"), "a"),
            (std::vector<std::int64_t>{258}));
  EXPECT_TRUE(read_npy(npy<float>("<f4", {0, 5}, {}), "a").size() == 0);
  EXPECT_EQ(read_npy(npy<float>("<f4", {}, {7}), "a").size(), 1);
}

TEST(Npy, FortranOrderComesOutRowMajor) {
  // [[1, 2, 3], [4, 5, 6]] lies as 1 4 2 5 3 6.
  const NumpyArray a = read_npy(npy<std::int32_t>("<i4", {2, 3}, {1, 4, 2, 5, 3, 6}, true), "a");
  EXPECT_EQ(integers_32(a, "a"), (std::vector<std::int32_t>{1, 2, 3, 4, 5, 6}));
}

TEST(Npy, ValuesThatDoNotFitAreRefused) {
  const auto kind = [](const std::string& bytes) {
    return error_of([&] { integers_32(read_npy(bytes, "a"), "a"); }).kind();
  };
  EXPECT_EQ(kind(npy<std::int64_t>("<i8", {1}, {std::int64_t{1} << 31})), ErrorKind::bad_data);
  EXPECT_EQ(kind(npy<std::uint64_t>("<u8", {1}, {~0ULL})), ErrorKind::bad_data);
  EXPECT_EQ(kind(npy<float>("<f4", {1}, {0.5F})), ErrorKind::bad_data);
  EXPECT_EQ(kind(npy<float>("<f4", {1}, {1e30F})), ErrorKind::bad_data);
  EXPECT_EQ(kind(npy<char>("|S2", {1}, {'1', '2'})), ErrorKind::bad_data);
}

TEST(Npy, HeadersThatLieAreRefused) {
  EXPECT_EQ(refusal(npy<float>("<f4", {3}, {1, 2})).message(),
            "3 values of type f4 take 12 bytes, there are 8");
  EXPECT_EQ(refusal(npy<float>("<f4", {1LL << 40, 1LL << 40}, {1})).kind(), ErrorKind::bad_data);
  EXPECT_EQ(refusal(npy<float>("<c8", {1}, {1, 2})).kind(), ErrorKind::unsupported);
  EXPECT_EQ(refusal("PK").message(), "is not an .npy file");
  // Long headers take no deep recursion.
  for (const std::string& header : {std::string(4096, ' '), "{'descr': '" + std::string(4000, 'x') + "'}", std::string(4096, '{')})
    EXPECT_EQ(refusal(std::string("\x93NUMPY\x01\x00", 8) + little(header.size(), 2) + header).kind(), ErrorKind::unsupported);
  const std::string bytes = npy<float>("<f4", {2, 2}, {1, 2, 3, 4});
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_NE(refusal(bytes.substr(0, size)).kind(), ErrorKind::internal);
  Rng rng(1);
  for (int i = 0; i < 3000; ++i) {
    std::string damaged = bytes;
    damaged[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    try {
      EXPECT_LE(floats(read_npy(damaged, "a"), "a").size(), 16u);
    } catch (const Error& error) {
      ASSERT_NE(error.kind(), ErrorKind::internal);
    }
  }
}

}  // namespace
}  // namespace tern::formats
