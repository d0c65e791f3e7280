#include "kernels/bits/bit_serial_conv.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

std::int8_t random_code(Rng& rng, BitWeights kind) {
  if (kind == BitWeights::binary) return rng.below(2) == 0 ? -1 : 1;
  if (kind == BitWeights::ternary) return static_cast<std::int8_t>(static_cast<int>(rng.below(3)) - 1);
  return static_cast<std::int8_t>(static_cast<int>(rng.below(4)) - 2);
}

/// A random convolution: its source as codes and as bit planes with a border, and its weights.
struct Case {
  ConvShape shape;
  BitWeights kind;
  BitSource source;
  std::vector<std::uint8_t> codes;   // [h][w][ic]
  std::vector<std::int8_t> weights;  // [oc][ic][kh][kw]
  std::vector<std::uint64_t> bits;
  std::int64_t origin = 0;

  Case(Rng& rng, const ConvShape& geometry, BitWeights weight_kind, const BitSource& values)
      : shape(geometry), kind(weight_kind), source(values) {
    const std::int64_t ic_words = (shape.ic + 63) / 64;
    shape.out_h =
        (source.h + 2 * shape.pad_h - shape.dilation_h * (shape.kernel_h - 1) - 1) / shape.stride_h + 1;
    shape.out_w =
        (source.w + 2 * shape.pad_w - shape.dilation_w * (shape.kernel_w - 1) - 1) / shape.stride_w + 1;
    shape.src_pixel = ic_words * source.planes + static_cast<std::int64_t>(rng.below(2));
    shape.src_row = (source.w + 2 * shape.pad_w) * shape.src_pixel + static_cast<std::int64_t>(rng.below(3));
    codes.resize(static_cast<std::size_t>(source.h * source.w * shape.ic));
    for (auto& c : codes) c = static_cast<std::uint8_t>(rng.below(1U << source.planes));
    weights.resize(static_cast<std::size_t>(shape.oc * shape.ic * shape.taps()));
    for (auto& w : weights) w = random_code(rng, kind);
    bits.resize(static_cast<std::size_t>((source.h + 2 * shape.pad_h) * shape.src_row + 16));
    origin = 8 + shape.pad_h * shape.src_row + shape.pad_w * shape.src_pixel;
    for (std::int64_t y = 0; y < source.h; ++y)
      pack_bit_planes(source.w, shape.ic, codes.data() + y * source.w * shape.ic, shape.ic, source.planes,
                      bits.data() + origin + y * shape.src_row, shape.src_pixel);
  }

  std::int64_t expected(std::int64_t o, std::int64_t y, std::int64_t x) const {
    std::int64_t sum = 0;
    for (std::int64_t ky = 0; ky < shape.kernel_h; ++ky)
      for (std::int64_t kx = 0; kx < shape.kernel_w; ++kx) {
        const std::int64_t sy = y * shape.stride_h - shape.pad_h + ky * shape.dilation_h;
        const std::int64_t sx = x * shape.stride_w - shape.pad_w + kx * shape.dilation_w;
        if (sy < 0 || sy >= source.h || sx < 0 || sx >= source.w) continue;
        for (std::int64_t c = 0; c < shape.ic; ++c)
          sum += weights[static_cast<std::size_t>(
                     ((o * shape.ic + c) * shape.kernel_h + ky) * shape.kernel_w + kx)] *
                 (source.zero +
                  source.step * codes[static_cast<std::size_t>((sy * source.w + sx) * shape.ic + c)]);
      }
    return sum;
  }

  std::vector<float> run(std::int64_t first_row, std::int64_t last_row, std::int64_t first_channel,
                         std::int64_t last_channel) const {
    const BitSerialWeights packed = pack_bit_serial_conv(shape, kind, weights.data(), source);
    std::vector<float> dst(static_cast<std::size_t>(shape.out_h * shape.out_w * shape.oc), -1e9F);
    std::vector<unsigned char> scratch(bit_serial_conv_scratch_bytes(shape, packed));
    Epilogue epilogue;
    epilogue.channels = shape.oc;
    epilogue.floats = {dst.data(), shape.oc, shape.out_w * shape.oc};
    run_bit_serial_conv(shape, packed, bits.data() + origin, epilogue, first_row, last_row, first_channel,
                        last_channel, scratch.data());
    return dst;
  }

  void check(std::int64_t first_row, std::int64_t last_row, std::int64_t first_channel,
             std::int64_t last_channel) const {
    const std::vector<float> dst = run(first_row, last_row, first_channel, last_channel);
    for (std::int64_t y = 0; y < shape.out_h; ++y)
      for (std::int64_t x = 0; x < shape.out_w; ++x)
        for (std::int64_t o = 0; o < shape.oc; ++o) {
          const bool inside = y >= first_row && y < last_row && o >= first_channel && o < last_channel;
          ASSERT_EQ(dst[static_cast<std::size_t>((y * shape.out_w + x) * shape.oc + o)],
                    inside ? static_cast<float>(expected(o, y, x)) : -1e9F)
              << "y " << y << " x " << x << " o " << o;
        }
  }
  void check() const { check(0, shape.out_h, 0, shape.oc); }
};

constexpr BitWeights kinds[] = {BitWeights::binary, BitWeights::ternary, BitWeights::two_bit};

TEST(BitSerialConv, EqualsTheSumAsWrittenOverRandomShapes) {
  Rng rng(11);
  const auto up_to = [&](std::uint64_t n) { return 1 + static_cast<std::int64_t>(rng.below(n)); };
  for (int round = 0; round < 60; ++round) {
    ConvShape shape;
    shape.ic = up_to(round % 3 == 0 ? 300 : 70);
    shape.oc = up_to(80);
    shape.kernel_h = up_to(4), shape.kernel_w = up_to(4);
    shape.stride_h = up_to(2), shape.stride_w = up_to(3);
    shape.dilation_h = up_to(2), shape.dilation_w = up_to(2);
    shape.pad_h = static_cast<std::int64_t>(rng.below(3)),
    shape.pad_w = static_cast<std::int64_t>(rng.below(4));
    BitSource source;
    source.planes = static_cast<std::int32_t>(up_to(2));
    if (rng.below(2) == 0) {
      source.zero = static_cast<std::int32_t>(rng.below(5)) - 2;
      source.step = static_cast<std::int32_t>(rng.below(5)) - 2;
    }
    source.h = shape.dilation_h * (shape.kernel_h - 1) + up_to(5);
    source.w = shape.dilation_w * (shape.kernel_w - 1) + up_to(7);
    const Case one(rng, shape, kinds[round % 3], source);
    each_isa([&] { one.check(); });
    if (HasFatalFailure()) return;
  }
}

TEST(BitSerialConv, SignsOfBothSidesAreXnor) {
  Rng rng(3);
  ConvShape shape;
  shape.ic = 128, shape.oc = 48, shape.kernel_h = shape.kernel_w = 3, shape.pad_h = shape.pad_w = 1;
  const Case one(rng, shape, BitWeights::binary, {.planes = 1, .zero = -1, .step = 2, .h = 6, .w = 9});
  each_isa([&] { one.check(); });
}

TEST(BitSerialConv, LongSumsOfEqualSigns) {
  Rng rng(4);
  ConvShape shape;
  shape.ic = 6000, shape.oc = 33;
  for (const BitWeights kind : kinds)
    for (const int low : {0, 1}) {
      Case one(rng, shape, kind, {.planes = 2, .zero = 0, .step = 1, .h = 2, .w = 1});
      const std::int8_t code = low == 0 ? 1 : kind == BitWeights::two_bit ? -2 : -1;
      std::fill(one.weights.begin(), one.weights.end(), code);
      std::fill(one.codes.begin(), one.codes.end(), std::uint8_t{3});
      for (std::int64_t y = 0; y < 2; ++y)
        pack_bit_planes(1, 6000, one.codes.data(), 6000, 2,
                        one.bits.data() + one.origin + y * one.shape.src_row, 188);
      EXPECT_EQ(one.expected(0, 0, 0), 18000 * code);
      each_isa([&] { one.check(); });
    }
}

TEST(BitSerialConv, PartsOfRowsAndChannels) {
  Rng rng(5);
  ConvShape shape;
  shape.ic = 70, shape.oc = 100, shape.kernel_h = shape.kernel_w = 3, shape.pad_h = shape.pad_w = 1;
  const Case one(rng, shape, BitWeights::ternary, {.planes = 1, .zero = 0, .step = 1, .h = 5, .w = 7});
  each_isa([&] {
    one.check(1, 4, 0, 100);
    one.check(0, 5, 32, 64);
    one.check(4, 5, 64, 100);
  });
}

TEST(BitSerialConv, PackedSize) {
  ConvShape shape;
  shape.ic = 128, shape.oc = 128, shape.kernel_h = shape.kernel_w = 3;
  std::vector<std::int8_t> ones(128 * 128 * 9, 1);
  const std::size_t weight_bytes = ones.size() / 8, sums = std::size_t{128} * 4;
  EXPECT_EQ(pack_bit_serial_conv(shape, BitWeights::binary, ones.data(), {}).bytes(), weight_bytes + sums);
  EXPECT_EQ(pack_bit_serial_conv(shape, BitWeights::ternary, ones.data(), {}).bytes(),
            2 * weight_bytes + sums);
}

TEST(BitSerialConv, Refusals) {
  ConvShape shape;
  shape.ic = 4, shape.oc = 2;
  const auto kind_of = [&](BitWeights kind, std::int8_t code, const BitSource& source) {
    const std::vector<std::int8_t> codes(static_cast<std::size_t>(shape.oc * shape.ic * shape.taps()), code);
    try {
      pack_bit_serial_conv(shape, kind, codes.data(), source);
    } catch (const Error& error) {
      return std::string(name_of(error.kind()));
    }
    return std::string("none");
  };
  const std::string bad_data(name_of(ErrorKind::bad_data)), usage(name_of(ErrorKind::usage)),
      unsupported(name_of(ErrorKind::unsupported));
  EXPECT_EQ(kind_of(BitWeights::binary, 1, {}), "none");
  EXPECT_EQ(kind_of(BitWeights::binary, 0, {}), bad_data);
  EXPECT_EQ(kind_of(BitWeights::ternary, 2, {}), bad_data);
  EXPECT_EQ(kind_of(BitWeights::ternary, -2, {}), bad_data);
  EXPECT_EQ(kind_of(BitWeights::two_bit, -2, {}), "none");
  EXPECT_EQ(kind_of(BitWeights::two_bit, 2, {}), bad_data);
  EXPECT_EQ(kind_of(BitWeights::binary, 1, {.planes = 3}), unsupported);
  EXPECT_EQ(kind_of(BitWeights::binary, 1, {.zero = -256}), unsupported);
  shape.groups = 2;
  EXPECT_EQ(kind_of(BitWeights::binary, 1, {}), unsupported);
  shape.groups = 1;
  shape.pad_w = 1, shape.out_w = 3;
  EXPECT_EQ(kind_of(BitWeights::binary, 1, {.planes = 1, .zero = -1, .step = 2}), usage);
  EXPECT_EQ(kind_of(BitWeights::binary, 1, {.planes = 1, .zero = -1, .step = 2, .h = 1, .w = 1}), "none");
  EXPECT_EQ(kind_of(BitWeights::binary, 1, {.planes = 1, .zero = -1, .step = 2, .h = 1, .w = 2}), usage);
}

TEST(PackBitPlanes, LeavesOtherWordsAlone) {
  const std::uint8_t codes[] = {3, 0, 2, 1, 9, 1};  // two places of two channels, a third byte between
  std::uint64_t dst[6] = {7, 7, 7, 7, 7, 7};
  pack_bit_planes(2, 2, codes, 3, 2, dst, 3);
  EXPECT_EQ(std::vector<std::uint64_t>(dst, dst + 6), (std::vector<std::uint64_t>{1, 1, 7, 3, 0, 7}));
}

}  // namespace
}  // namespace tern::kernels
