#include "kernels/event/event_conv.hpp"

#include <limits>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"
#include "kernels/event/spike_image.hpp"

namespace tern::kernels {
namespace {

/// Raw sums of rows [first, last) as floats, which hold them exactly; other rows stay -1e9.
std::vector<float> event_sums(const ConvShape& shape, const EventConvWeights& weights,
                              const SpikeImage& image, std::int64_t first, std::int64_t last) {
  std::vector<float> out(static_cast<std::size_t>(shape.out_h * shape.out_w * shape.oc), -1e9F);
  Epilogue epilogue;
  epilogue.channels = shape.oc;
  epilogue.floats = {out.data(), shape.oc, shape.out_w * shape.oc};
  auto scratch = scratch_of(event_conv_scratch_bytes(shape));
  run_event_conv(shape, weights, image.at(0, 0, 0), epilogue, first, last, aligned(scratch));
  return out;
}

void expect_exact(ConvShape shape, std::int64_t most, double rate, Rng& rng) {
  const SpikeImage image = random_image(shape, 1, rate, rng);
  const std::vector<std::int8_t> codes = random_codes(shape.oc * shape.ic * shape.taps(), most, rng);
  const std::vector<std::int32_t> expected = plain_sums(shape, codes, image, 0);
  const EventConvWeights weights = pack_event_conv(shape, codes.data());
  each_isa([&] {
    const std::vector<float> sums = event_sums(shape, weights, image, 0, shape.out_h);
    ASSERT_EQ(sums.size(), expected.size());
    for (std::size_t i = 0; i < sums.size(); ++i)
      ASSERT_EQ(sums[i], static_cast<float>(expected[i]))
          << "element " << i << " of " << shape.oc << " channels";
  });
}

ConvShape shape_of(std::int64_t ic, std::int64_t oc, std::int64_t kernel, std::int64_t out_h,
                   std::int64_t out_w) {
  ConvShape shape;
  shape.ic = ic, shape.oc = oc, shape.kernel_h = shape.kernel_w = kernel;
  shape.pad_h = shape.pad_w = kernel / 2;
  shape.out_h = out_h, shape.out_w = out_w;
  return shape;
}

std::int64_t any(Rng& rng, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
}

TEST(EventConv, EqualsPlainSumsOnRandomShapes) {
  Rng rng(11);
  for (int trial = 0; trial < 150; ++trial) {
    ConvShape shape = shape_of(any(rng, 1, trial % 3 == 0 ? 150 : 12), any(rng, 1, 40), 1, 1, 1);
    if (trial % 4 == 0) shape.oc = any(rng, 30, 300);
    shape.kernel_h = any(rng, 1, 4), shape.kernel_w = any(rng, 1, 4);
    shape.stride_h = any(rng, 1, 3), shape.stride_w = any(rng, 1, 3);
    shape.dilation_h = any(rng, 1, 2), shape.dilation_w = any(rng, 1, 2);
    shape.out_h = any(rng, 3, 6), shape.out_w = any(rng, 4, 11);
    shape.pad_h = any(rng, 0, 1), shape.pad_w = any(rng, 0, 1);
    SCOPED_TRACE(trial);
    expect_exact(shape, trial % 2 ? 127 : 7, 0.3 * rng.uniform(), rng);
    if (HasFatalFailure()) return;
  }
}

TEST(EventConv, BlocksOfOutputChannels) {
  Rng rng(12);
  for (const std::int64_t oc : {1, 15, 16, 17, 31, 32, 33, 48, 64, 65, 96, 127, 128, 129, 192, 256, 290}) {
    expect_exact(shape_of(40, oc, 3, 3, 9), 127, 0.05, rng);
    expect_exact(shape_of(2, oc, 3, 3, 9), 127, 0.2, rng);
  }
}

TEST(EventConv, NoSpikesAndNothingButSpikes) {
  Rng rng(13);
  for (const double rate : {0.0, 1.0})
    for (const std::int64_t ic : {2, 64, 128}) expect_exact(shape_of(ic, 70, 3, 4, 7), 127, rate, rng);
}

TEST(EventConv, LongListsOfLargeCodesDoNotOverflow) {
  Rng rng(14);
  ConvShape shape = shape_of(700, 130, 1, 2, 5);
  for (const std::int8_t code : {std::int8_t{127}, std::int8_t{-128}}) {
    const SpikeImage image = random_image(shape, 1, 0.9, rng);
    const std::vector<std::int8_t> codes(static_cast<std::size_t>(700 * 130), code);
    const EventConvWeights weights = pack_event_conv(shape, codes.data());
    EXPECT_LE(weights.limit * std::abs(code), 32768);
    const std::vector<std::int32_t> expected = plain_sums(shape, codes, image, 0);
    EXPECT_GT(std::abs(expected[0]), 32768) << "the test must need more than 16 bits";
    each_isa([&] {
      const std::vector<float> sums = event_sums(shape, weights, image, 0, 2);
      for (std::size_t i = 0; i < sums.size(); ++i) ASSERT_EQ(sums[i], static_cast<float>(expected[i])) << i;
    });
  }
}

TEST(EventConv, LimitIsProvenFromTheWeights) {
  ConvShape shape = shape_of(600, 1, 1, 1, 1);
  std::vector<std::int8_t> codes(600, 50);  // 30000
  EXPECT_EQ(pack_event_conv(shape, codes.data()).limit, std::numeric_limits<std::int32_t>::max());
  codes.assign(600, 55);  // 33000
  EXPECT_EQ(pack_event_conv(shape, codes.data()).limit, 32767 / 55);
  for (std::size_t i = 0; i < 600; i += 2) codes[i] = -55;  // halves of either sign
  EXPECT_EQ(pack_event_conv(shape, codes.data()).limit, std::numeric_limits<std::int32_t>::max());
}

TEST(EventConv, LinearLayerOfThousandsOfInputs) {
  Rng rng(15);
  for (const std::int64_t oc : {10, 200}) {
    expect_exact(shape_of(3000, oc, 1, 3, 1), 127, 0.1, rng);
    expect_exact(shape_of(2312, oc, 1, 2, 1), 127, 0.6, rng);
  }
}

TEST(EventConv, PlacesBeyondSixteenBitsWrapAndComeBack) {
  Rng rng(16);
  expect_exact(shape_of(900, 20, 3, 1, 90), 127, 0.01, rng);  // 92 pixels of 900 channels
}

TEST(EventConv, FewChannelsTakePatterns) {
  EXPECT_EQ(event_method(shape_of(2, 32, 3, 8, 8)), EventMethod::patterns);
  EXPECT_EQ(event_method(shape_of(2, 32, 5, 8, 8)), EventMethod::patterns);
  EXPECT_EQ(event_method(shape_of(16, 32, 3, 8, 8)), EventMethod::lists);
  EXPECT_EQ(event_method(shape_of(128, 128, 3, 8, 8)), EventMethod::lists);
}

TEST(EventConv, RowsApartEqualRowsTogether) {
  Rng rng(17);
  for (const std::int64_t ic : {2, 70}) {
    ConvShape shape = shape_of(ic, 33, 3, 9, 6);
    shape.stride_h = 2;
    const SpikeImage image = random_image(shape, 1, 0.2, rng);
    const std::vector<std::int8_t> codes = random_codes(shape.oc * shape.ic * 9, 127, rng);
    const EventConvWeights weights = pack_event_conv(shape, codes.data());
    const std::vector<float> whole = event_sums(shape, weights, image, 0, 9),
                             part = event_sums(shape, weights, image, 4, 7);
    const std::size_t row = 6 * 33;
    for (std::size_t i = 0; i < whole.size(); ++i)
      ASSERT_EQ(part[i], i / row >= 4 && i / row < 7 ? whole[i] : -1e9F) << i;
  }
}

TEST(EventConv, EpilogueToCodes) {
  Rng rng(18);
  ConvShape shape = shape_of(50, 45, 3, 4, 10);
  const SpikeImage image = random_image(shape, 1, 0.1, rng);
  const std::vector<std::int8_t> codes = random_codes(shape.oc * shape.ic * 9, 127, rng);
  const std::vector<std::int32_t> sums = plain_sums(shape, codes, image, 0);
  const EventConvWeights weights = pack_event_conv(shape, codes.data());
  const std::vector<float> scale = normals(48, 1, 0.01, 0.002), bias = normals(48, 2);
  std::vector<std::uint8_t> expected(sums.size()), out(sums.size());
  Epilogue epilogue;
  epilogue.channels = shape.oc, epilogue.scale = scale.data(), epilogue.bias = bias.data();
  epilogue.clamp = true, epilogue.clamp_high = std::numeric_limits<float>::infinity();
  epilogue.inverse_scale = 40;
  epilogue.codes = {expected.data(), shape.oc, 10 * shape.oc};
  for (std::int64_t y = 0; y < 4; ++y) finish(epilogue, sums.data() + y * 10 * 45, 45, y, 0, 10, 0, 45);
  epilogue.codes.data = out.data();
  each_isa([&] {
    out.assign(out.size(), 0);
    auto scratch = scratch_of(event_conv_scratch_bytes(shape));
    run_event_conv(shape, weights, image.at(0, 0, 0), epilogue, 0, 4, aligned(scratch));
    EXPECT_EQ(out, expected);
  });
}

TEST(EventConv, RefusesWhatItCannotHold) {
  ConvShape shape = shape_of(65536, 1, 1, 1, 1);
  const std::vector<std::int8_t> codes(65536);
  EXPECT_THROW(pack_event_conv(shape, codes.data()), Error);
  shape = shape_of(4, 4, 1, 1, 1), shape.groups = 2;
  EXPECT_THROW(pack_event_conv(shape, codes.data()), Error);
}

}  // namespace
}  // namespace tern::kernels
