#include "kernels/dense/dense_conv.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/dense/image_codes.hpp"
#include "kernels/each_isa.hpp"
#include "kernels/plain_epilogue.hpp"

namespace tern::kernels {
namespace {

/// Runs rows [first_row, last_row) on every instruction set and compares with plain loops.
void check(ConvShape s, int bits, const OwnedEpilogue::Parts& parts, std::uint64_t seed,
           std::int64_t first_row = 0) {
  Rng rng(seed);
  const auto offset = static_cast<std::int32_t>(rng.below(256));
  const ImageCodes image(s, offset, rng, static_cast<std::int64_t>(rng.below(2)) * 8);
  const std::vector<std::int8_t> codes = random_weights(s, bits, rng);
  const DenseWeights weights = pack_dense(s, codes.data(), offset);
  OwnedEpilogue own(s.out_h, s.out_w, s.oc, parts, seed, 2e-3F / static_cast<float>(s.ic * s.taps()));
  std::vector<float> floats;
  std::vector<std::uint8_t> out_codes;
  own.expect([&](auto y, auto x,
                 auto o) { return static_cast<std::int32_t>(plain_sum(s, image, codes, offset, y, x, o)); },
             first_row, s.out_h, floats, out_codes);
  each_isa([&] {
    own.clear();
    AlignedBytes scratch(dense_scratch_bytes(s, weights));
    run_dense(s, weights, image.data(s), own.epilogue, first_row, s.out_h, scratch.data());
    EXPECT_EQ(own.floats, floats);
    EXPECT_EQ(own.codes, out_codes);
  });
}

ConvShape conv3x3(std::int64_t ic, std::int64_t oc, std::int64_t h, std::int64_t w, std::int64_t stride = 1) {
  ConvShape s;
  s.ic = ic;
  s.oc = oc;
  s.kernel_h = s.kernel_w = 3;
  s.stride_h = s.stride_w = stride;
  s.pad_h = s.pad_w = 1;
  s.out_h = h;
  s.out_w = w;
  s.src_pixel = (ic + 3) / 4 * 4;
  return s;
}

TEST(DenseConv, LayersOfResNetsAtEveryWidthOfWeights) {
  for (const int bits : {1, 2, 4, 8}) {
    SCOPED_TRACE(bits);
    check(conv3x3(16, 16, 5, 32), bits, {.residual_codes = true}, 1);
    check(conv3x3(16, 32, 6, 16, 2), bits, {.norm = true, .floats = true}, 2);
    check(conv3x3(64, 64, 8, 8), bits, {.residual = true}, 3);
    check(conv3x3(3, 16, 4, 20), bits, {.bias = false}, 4);
    check(conv3x3(1, 10, 3, 9), bits, {}, 5);
  }
}

TEST(DenseConv, LinearLayersOfFewAndManyRows) {
  for (const int bits : {1, 2, 4, 8})
    for (const std::int64_t rows : {1, 2, 3, 4, 5, 12, 13, 40})
      for (const std::int64_t oc : {10, 64, 100}) {
        SCOPED_TRACE(testing::Message() << bits << " bits, " << rows << " rows, " << oc << " channels");
        ConvShape s;
        s.ic = 68;
        s.oc = oc;
        s.out_h = rows;
        s.src_pixel = 68;
        check(s, bits, {.clamp = false, .floats = true}, static_cast<std::uint64_t>(rows * oc), rows / 3);
      }
}

TEST(DenseConv, RandomShapes) {
  for (std::uint64_t seed = 0; seed < 120; ++seed) {
    Rng rng(1000 + seed);
    const auto between = [&](int low, int high) {
      return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    ConvShape s;
    s.ic = between(1, 20);
    s.oc = between(1, 80);
    s.kernel_h = between(1, 4);
    s.kernel_w = between(1, 4);
    s.stride_h = between(1, 3);
    s.stride_w = between(1, 3);
    s.dilation_h = between(1, 2);
    s.dilation_w = between(1, 2);
    s.out_h = between(1, 5);
    s.out_w = between(1, 35);
    s.src_pixel = (s.ic + 3) / 4 * 4 + 4 * between(0, 1);
    const bool room_h = (s.out_h - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1 > 4;
    const bool room_w = (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1 > 4;
    s.pad_h = room_h ? between(0, 2) : 0;
    s.pad_w = room_w ? between(0, 2) : 0;
    const auto has = [&] { return rng.below(2) == 0; };
    const OwnedEpilogue::Parts parts{has(), has(), has(), has(), has(), has(), has(), has()};
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", out " << s.out_h << " x " << s.out_w);
    check(s, std::vector<int>{1, 2, 4, 8}[rng.below(4)], parts, seed,
          between(0, static_cast<int>(s.out_h) - 1));
  }
}

TEST(DenseConv, ExtremeCodesDoNotSaturate) {
  ConvShape s = conv3x3(512, 16, 2, 9);
  s.pad_h = s.pad_w = 0;
  s.src_row = 11 * 512;
  std::vector<std::uint8_t> src(static_cast<std::size_t>(4 * s.src_row + 64), 255);
  const std::vector<std::int8_t> codes(16 * 512 * 9, -128);
  const DenseWeights weights = pack_dense(s, codes.data(), 0);
  OwnedEpilogue own(2, 9, 16, {false, false, false, false, false, false, true, false}, 1, 1);
  each_isa([&] {
    own.clear();
    AlignedBytes scratch(dense_scratch_bytes(s, weights));
    run_dense(s, weights, src.data(), own.epilogue, 0, 2, scratch.data());
    for (std::int64_t x = 0; x < 9; ++x) EXPECT_EQ(own.epilogue.floats.at(1, x)[15], -255.0F * 128 * 512 * 9);
  });
}

TEST(DenseConv, WeightsTakeTheBytesOfTheirBits) {
  const ConvShape s = conv3x3(64, 64, 8, 8);
  for (const int bits : {1, 2, 4, 8}) {
    Rng rng(7);
    const std::vector<std::int8_t> codes = random_weights(s, bits, rng);
    const DenseWeights weights = pack_dense(s, codes.data(), 3);
    EXPECT_EQ(weights.bits, bits);
    EXPECT_EQ(weights.bytes(), codes.size() * static_cast<std::size_t>(bits) / 8 + 64 * 4);
  }
}

TEST(DenseConv, RefusesWhatItCannotSum) {
  ConvShape s = conv3x3(4, 4, 2, 2);
  std::vector<std::int8_t> codes(4 * 4 * 9, 1);
  s.groups = 2;
  EXPECT_THROW(pack_dense(s, codes.data(), 0), Error);
  s.groups = 1;
  EXPECT_THROW(pack_dense(s, codes.data(), 256), Error);
  EXPECT_THROW(pack_dense(s, codes.data(), -1), Error);
  const DenseWeights weights = pack_dense(s, codes.data(), 0);
  AlignedBytes scratch(dense_scratch_bytes(s, weights));
  s.src_pixel = 5;
  EXPECT_THROW(run_dense(s, weights, nullptr, {}, 0, 1, scratch.data()), Error);
  ConvShape wide;
  wide.ic = 70000;
  codes.assign(70000, -128);
  EXPECT_THROW(pack_dense(wide, codes.data(), 0), Error);
}

}  // namespace
}  // namespace tern::kernels
