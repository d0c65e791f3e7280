#include "pack/packed_tensor.hpp"

#include <gtest/gtest.h>

namespace tern::pack {
namespace {

PackedTensor codes(net::Shape shape, int bits, std::vector<std::int16_t> values, std::vector<float> scales) {
  PackedTensor tensor{std::move(shape), bits};
  tensor.codes = std::move(values);
  tensor.scales = std::move(scales);
  return tensor;
}

TEST(PackedTensor, DequantizesWithScalesOfEveryGranularity) {
  EXPECT_EQ(dequantize(codes({2, 2}, 2, {-2, -1, 0, 1}, {0.25F})),
            (std::vector<float>{-0.5F, -0.25F, 0, 0.25F}));
  EXPECT_EQ(dequantize(codes({2, 2}, 3, {1, 2, 3, -4}, {1, 10})), (std::vector<float>{1, 2, 30, -40}));
  EXPECT_EQ(dequantize(codes({1, 4}, 3, {1, 2, 3, -4}, {1, 10})), (std::vector<float>{1, 2, 30, -40}))
      << "groups";
  EXPECT_EQ(dequantize(codes({4}, 1, {1, -1, 0, 1}, {2})), (std::vector<float>{2, -2, 0, 2}));
}

TEST(PackedTensor, DequantizesCodebooksOfScalarsAndVectors) {
  PackedTensor tensor = codes({2, 2}, 2, {2, 0, 1, 1}, {2});
  tensor.codebook = {0.5F, -1, 7};
  EXPECT_EQ(dequantize(tensor), (std::vector<float>{14, 1, -2, -2}));
  tensor = codes({2, 2}, 1, {1, 0}, {1, 10});
  tensor.codebook = {1, 2, 0, 0};
  tensor.codebook_dim = 2;
  EXPECT_EQ(dequantize(tensor), (std::vector<float>{0, 0, 10, 20}));
  EXPECT_EQ(count_zeros(tensor), 2);
}

TEST(PackedTensor, ChecksItsParts) {
  const auto refused = [](const PackedTensor& tensor) {
    try {
      check_tensor(tensor, "w", ErrorKind::usage);
    } catch (const Error&) {
      return true;
    }
    return false;
  };
  PackedTensor good = codes({2, 2}, 2, {2, 0, 1, 1}, {2});
  good.codebook = {0.5F, -1, 7};
  EXPECT_FALSE(refused(good));
  PackedTensor bad = good;
  bad.codes[0] = 3;
  EXPECT_TRUE(refused(bad)) << "an index behind the codebook";
  bad = good, bad.codes[1] = -1;
  EXPECT_TRUE(refused(bad));
  bad = good, bad.bits = 1;
  EXPECT_TRUE(refused(bad)) << "three rows with one bit";
  bad = good, bad.codebook_dim = 2;
  EXPECT_TRUE(refused(bad));
  bad = good, bad.codebook_dim = 0;
  EXPECT_TRUE(refused(bad));
  EXPECT_FALSE(refused(codes({4}, 1, {1, -1, 0, 1}, {2})));
  EXPECT_TRUE(refused(codes({4}, 1, {1, -2, 0, 1}, {2})));
  EXPECT_FALSE(refused(codes({1}, 16, {-32768}, {2})));
  EXPECT_TRUE(refused(codes({2, 2}, 2, {1, 1, 1, 1}, {1, 1, 1})));
  EXPECT_TRUE(refused(codes({2, 2}, 2, {1, 1, 1, 1}, {})));
}

}  // namespace
}  // namespace tern::pack
