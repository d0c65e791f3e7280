#include "kernels/bits/low_bit_linear.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

/// A random linear layer on rows, or a strided 1x1 convolution.
struct Case {
  ConvShape shape;
  int bits;
  std::int32_t offset;
  std::vector<std::uint8_t> src;
  std::vector<std::int8_t> weights;

  Case(Rng& rng, const ConvShape& geometry, int weight_bits, std::int32_t zero)
      : shape(geometry), bits(weight_bits), offset(zero) {
    shape.src_pixel = (shape.ic + 3) / 4 * 4;
    shape.src_row =
        shape.out_w * shape.stride_w * shape.src_pixel + 4 * static_cast<std::int64_t>(rng.below(3));
    src.resize(static_cast<std::size_t>(64 + shape.out_h * shape.stride_h * shape.src_row + 64));
    for (auto& b : src) b = static_cast<std::uint8_t>(rng.below(256));
    weights.resize(static_cast<std::size_t>(shape.oc * shape.ic));
    for (auto& w : weights)
      w = static_cast<std::int8_t>(static_cast<int>(rng.below(1U << bits)) - (1 << (bits - 1)));
  }

  const std::uint8_t* pixel(std::int64_t y, std::int64_t x) const {
    return src.data() + 64 + y * shape.stride_h * shape.src_row + x * shape.stride_w * shape.src_pixel;
  }

  std::int64_t expected(std::int64_t o, std::int64_t y, std::int64_t x) const {
    std::int64_t sum = 0;
    for (std::int64_t c = 0; c < shape.ic; ++c)
      sum += weights[static_cast<std::size_t>(o * shape.ic + c)] * (pixel(y, x)[c] - offset);
    return sum;
  }

  void check(std::int64_t first_row, std::int64_t last_row, std::int64_t first_channel,
             std::int64_t last_channel) const {
    const LowBitWeights packed = pack_low_bit_linear(shape, bits, weights.data(), offset);
    std::vector<float> dst(static_cast<std::size_t>(shape.out_h * shape.out_w * shape.oc), 0.5F);
    std::vector<unsigned char> scratch(low_bit_linear_scratch_bytes(shape, packed));
    Epilogue epilogue;
    epilogue.channels = shape.oc;
    epilogue.floats = {dst.data(), shape.oc, shape.out_w * shape.oc};
    run_low_bit_linear(shape, packed, pixel(0, 0), epilogue, first_row, last_row, first_channel, last_channel,
                       scratch.data());
    for (std::int64_t y = 0; y < shape.out_h; ++y)
      for (std::int64_t x = 0; x < shape.out_w; ++x)
        for (std::int64_t o = 0; o < shape.oc; ++o) {
          const bool inside = y >= first_row && y < last_row && o >= first_channel && o < last_channel;
          ASSERT_EQ(dst[static_cast<std::size_t>((y * shape.out_w + x) * shape.oc + o)],
                    inside ? static_cast<float>(expected(o, y, x)) : 0.5F)
              << "y " << y << " x " << x << " o " << o;
        }
  }
  void check() const { check(0, shape.out_h, 0, shape.oc); }
};

TEST(LowBitLinear, EqualsTheSumAsWrittenOverRandomShapes) {
  Rng rng(21);
  const auto up_to = [&](std::uint64_t n) { return 1 + static_cast<std::int64_t>(rng.below(n)); };
  for (int round = 0; round < 80; ++round) {
    ConvShape shape;
    shape.ic = up_to(round % 2 == 0 ? 40 : 700);
    shape.oc = up_to(round % 3 == 0 ? 420 : 70);
    shape.out_h = round % 4 == 0 ? 1 : up_to(20);
    if (round % 5 == 0) shape.out_w = up_to(4), shape.stride_h = up_to(2), shape.stride_w = up_to(2);
    const Case one(rng, shape, round % 2 == 0 ? 2 : 4, static_cast<std::int32_t>(rng.below(256)));
    each_isa([&] { one.check(); });
    if (HasFatalFailure()) return;
  }
}

TEST(LowBitLinear, ManyRowsOfTernaryWeights) {
  Rng rng(22);
  ConvShape shape;
  shape.ic = 300, shape.oc = 100, shape.out_h = 139;
  Case one(rng, shape, 2, 128);
  for (auto& w : one.weights) w = static_cast<std::int8_t>(static_cast<int>(rng.below(3)) - 1);
  each_isa([&] { one.check(); });
}

TEST(LowBitLinear, ExtremesDoNotOverflow) {
  Rng rng(23);
  for (const int bits : {2, 4})
    for (const bool low : {false, true})
      for (const std::uint8_t byte : {std::uint8_t{0}, std::uint8_t{255}})
        for (const std::int64_t rows : {1, 2}) {
          ConvShape shape;
          shape.ic = 131072, shape.oc = 1, shape.out_h = rows;
          Case one(rng, shape, bits, 255 - byte);
          const int highest = (1 << (bits - 1)) - 1;
          std::fill(one.weights.begin(), one.weights.end(),
                    static_cast<std::int8_t>(low ? -highest - 1 : highest));
          std::fill(one.src.begin(), one.src.end(), byte);
          each_isa([&] { one.check(); });
        }
}

TEST(LowBitLinear, PartsOfRowsAndChannels) {
  Rng rng(24);
  ConvShape shape;
  shape.ic = 90, shape.oc = 500, shape.out_h = 11;
  const Case one(rng, shape, 4, 7);
  each_isa([&] {
    one.check(2, 9, 0, 500);
    one.check(0, 11, 208, 416);
    one.check(10, 11, 416, 500);
  });
}

TEST(LowBitLinear, PackedSize) {
  ConvShape shape;
  shape.ic = 512, shape.oc = 256;
  const std::vector<std::int8_t> zeros(512 * 256);
  EXPECT_EQ(pack_low_bit_linear(shape, 2, zeros.data(), 0).bytes(), zeros.size() / 4 + 256 * 4);
  EXPECT_EQ(pack_low_bit_linear(shape, 4, zeros.data(), 0).bytes(), zeros.size() / 2 + 256 * 4);
}

TEST(LowBitLinear, Refusals) {
  const auto kind_of = [](const ConvShape& shape, int bits, std::int8_t code, std::int32_t offset) {
    const std::vector<std::int8_t> codes(static_cast<std::size_t>(shape.oc * shape.ic * shape.taps()), code);
    try {
      pack_low_bit_linear(shape, bits, codes.data(), offset);
    } catch (const Error& error) {
      return std::string(name_of(error.kind()));
    }
    return std::string("none");
  };
  const std::string bad_data(name_of(ErrorKind::bad_data)), usage(name_of(ErrorKind::usage)),
      unsupported(name_of(ErrorKind::unsupported));
  ConvShape shape;
  shape.ic = 4, shape.oc = 2;
  EXPECT_EQ(kind_of(shape, 2, -2, 0), "none");
  EXPECT_EQ(kind_of(shape, 2, 2, 0), bad_data);
  EXPECT_EQ(kind_of(shape, 2, -3, 0), bad_data);
  EXPECT_EQ(kind_of(shape, 4, 7, 255), "none");
  EXPECT_EQ(kind_of(shape, 4, 8, 0), bad_data);
  EXPECT_EQ(kind_of(shape, 4, -9, 0), bad_data);
  EXPECT_EQ(kind_of(shape, 3, 0, 0), unsupported);
  EXPECT_EQ(kind_of(shape, 2, 0, 256), usage);
  EXPECT_EQ(kind_of(shape, 2, 0, -1), usage);
  shape.ic = 131073;
  EXPECT_EQ(kind_of(shape, 2, 0, 0), unsupported);
  shape.ic = 4, shape.kernel_w = 3;
  EXPECT_EQ(kind_of(shape, 2, 0, 0), unsupported);
}

}  // namespace
}  // namespace tern::kernels
