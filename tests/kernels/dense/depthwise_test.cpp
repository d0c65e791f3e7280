#include "kernels/dense/depthwise.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/dense/image_codes.hpp"
#include "kernels/each_isa.hpp"
#include "kernels/plain_epilogue.hpp"

namespace tern::kernels {
namespace {

/// Runs rows [first_row, last_row) on every instruction set and compares with plain loops. `dense_codes`
/// leaves no room between the pixels of the result.
void check(ConvShape s, const OwnedEpilogue::Parts& parts, std::uint64_t seed, bool dense_codes,
           std::int64_t first_row) {
  Rng rng(seed);
  const auto offset = static_cast<std::int32_t>(rng.below(256));
  const ImageCodes image(s, offset, rng);
  const std::vector<std::int8_t> codes = random_weights(s, 8, rng);
  const DepthwiseWeights weights = pack_depthwise(s, codes.data(), offset);
  OwnedEpilogue own(s.out_h, s.out_w, s.oc, parts, seed, 2e-3F / static_cast<float>(s.taps()),
                    dense_codes ? 0 : 5);
  std::vector<float> floats;
  std::vector<std::uint8_t> out_codes;
  own.expect([&](auto y, auto x,
                 auto o) { return static_cast<std::int32_t>(plain_sum(s, image, codes, offset, y, x, o)); },
             first_row, s.out_h, floats, out_codes);
  each_isa([&] {
    own.clear();
    AlignedBytes scratch(depthwise_scratch_bytes(s, weights));
    run_depthwise(s, weights, image.data(s), own.epilogue, first_row, s.out_h, scratch.data());
    EXPECT_EQ(own.floats, floats);
    EXPECT_EQ(own.codes, out_codes);
  });
}

ConvShape shape_of(std::int64_t channels, std::int64_t kernel, std::int64_t stride, std::int64_t h,
                   std::int64_t w) {
  ConvShape s;
  s.ic = s.oc = s.groups = channels;
  s.kernel_h = s.kernel_w = kernel;
  s.stride_h = s.stride_w = stride;
  s.pad_h = s.pad_w = (h > 1 && w > 1) ? kernel / 2 : 0;
  s.out_h = h;
  s.out_w = w;
  s.src_pixel = (channels + 3) / 4 * 4;
  return s;
}

TEST(Depthwise, LayersOfMobileNets) {
  for (const std::int64_t channels : {8, 16, 32, 64, 128, 24, 96, 3})
    for (const std::int64_t stride : {1, 2})
      for (const bool dense_codes : {false, true}) {
        SCOPED_TRACE(testing::Message() << channels << " channels, stride " << stride);
        check(shape_of(channels, 3, stride, 4, 13), {}, static_cast<std::uint64_t>(channels + stride),
              dense_codes, 0);
        check(shape_of(channels, 3, stride, 3, 2), {.norm = true}, 3, dense_codes, 1);
        check(shape_of(channels, 5, stride, 3, 7), {.residual_codes = true, .floats = true}, 5, dense_codes,
              0);
      }
}

TEST(Depthwise, RandomShapes) {
  for (std::uint64_t seed = 0; seed < 150; ++seed) {
    Rng rng(2000 + seed);
    const auto between = [&](int low, int high) {
      return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    ConvShape s;
    s.ic = s.oc = s.groups = rng.below(2) == 0 ? std::int64_t{4} << rng.below(5) : between(1, 140);
    s.kernel_h = between(1, 5);
    s.kernel_w = between(1, 5);
    s.stride_h = between(1, 3);
    s.stride_w = between(1, 3);
    s.dilation_h = between(1, 2);
    s.dilation_w = between(1, 2);
    s.out_h = between(1, 4);
    s.out_w = between(1, 20);
    s.src_pixel = rng.below(2) == 0 ? s.ic : (s.ic + 3) / 4 * 4 + 4 * between(0, 1);
    s.pad_h = (s.out_h - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1 > 4 ? between(0, 2) : 0;
    s.pad_w = (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1 > 4 ? between(0, 2) : 0;
    const auto has = [&] { return rng.below(2) == 0; };
    const bool plain = has();  // codes alone have a way of their own
    const OwnedEpilogue::Parts parts{has(),           has(), has(),           !plain && has(),
                                     !plain && has(), has(), !plain && has(), true};
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", " << s.ic << " channels");
    check(s, parts, seed, has(), between(0, static_cast<int>(s.out_h) - 1));
  }
}

TEST(Depthwise, ExtremeCodesDoNotSaturate) {
  ConvShape s = shape_of(64, 5, 1, 2, 5);
  s.pad_h = s.pad_w = 0;
  s.src_row = 9 * 64;
  const std::vector<std::uint8_t> src(static_cast<std::size_t>(6 * s.src_row + 64), 255);
  const std::vector<std::int8_t> codes(64 * 25, -128);
  const DepthwiseWeights weights = pack_depthwise(s, codes.data(), 0);
  OwnedEpilogue own(2, 5, 64, {false, false, false, false, false, false, true, false}, 1, 1);
  each_isa([&] {
    own.clear();
    AlignedBytes scratch(depthwise_scratch_bytes(s, weights));
    run_depthwise(s, weights, src.data(), own.epilogue, 0, 2, scratch.data());
    for (std::int64_t c = 0; c < 64; ++c) EXPECT_EQ(own.epilogue.floats.at(1, 4)[c], -255.0F * 128 * 25);
  });
}

TEST(Depthwise, RefusesOtherGroups) {
  ConvShape s = shape_of(8, 3, 1, 2, 2);
  const std::vector<std::int8_t> codes(8 * 9, 1);
  EXPECT_THROW(pack_depthwise(s, codes.data(), 256), Error);
  s.oc = 16;
  EXPECT_THROW(pack_depthwise(s, codes.data(), 0), Error);
  s.oc = 8;
  s.groups = 4;
  EXPECT_THROW(pack_depthwise(s, codes.data(), 0), Error);
}

}  // namespace
}  // namespace tern::kernels
