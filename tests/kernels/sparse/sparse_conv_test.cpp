#include "kernels/sparse/sparse_conv.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"

namespace tern::kernels {
namespace {

struct Case {
  ConvShape shape;
  double density;
  int group;  ///< consecutive input channels kept or dropped together
};

/// An image with its border and slack, filled at random; element (0, 0) at `origin`.
template <class T>
struct Image {
  std::vector<T> data;
  std::int64_t origin = 0;
  const T* src() const { return data.data() + origin; }
};

std::int64_t whole(Rng& rng, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
}

Case random_case(Rng& rng) {
  Case c;
  ConvShape& s = c.shape;
  s.ic = whole(rng, 1, 90), s.oc = whole(rng, 1, 150);
  s.kernel_h = whole(rng, 1, 4), s.kernel_w = whole(rng, 1, 3);
  s.stride_h = whole(rng, 1, 3), s.stride_w = whole(rng, 1, 3);
  s.dilation_h = whole(rng, 1, 3), s.dilation_w = whole(rng, 1, 2);
  s.out_h = whole(rng, 1, 20), s.out_w = whole(rng, 1, 20);
  s.pad_h = whole(rng, 0, 2), s.pad_w = whole(rng, 0, 2);
  c.density = std::vector<double>{0, 0.1, 0.3, 1}[rng.below(4)];
  c.group = rng.below(2) == 0 ? 1 : 4;
  return c;
}

/// Gives the shape the strides of an image that just holds what its taps read, `align` channels to a
/// multiple.
template <class T, class Draw>
Image<T> make_image(ConvShape& s, std::int64_t align, const Draw& draw) {
  s.src_pixel = (s.ic + align - 1) / align * align;
  const std::int64_t w = (s.out_w - 1) * s.stride_w + (s.kernel_w - 1) * s.dilation_w + 1;
  const std::int64_t h = (s.out_h - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
  s.src_row = w * s.src_pixel;
  const std::int64_t slack = 64 / static_cast<std::int64_t>(sizeof(T));
  Image<T> image{std::vector<T>(static_cast<std::size_t>(h * s.src_row + 2 * slack)),
                 slack + s.pad_h * s.src_row + s.pad_w * s.src_pixel};
  for (T& v : image.data) v = draw();
  return image;
}

template <class T, class Draw>
std::vector<T> make_weights(const Case& c, Rng& rng, const Draw& draw) {
  const ConvShape& s = c.shape;
  std::vector<T> out(static_cast<std::size_t>(s.oc * s.ic * s.taps()));
  for (std::int64_t o = 0; o < s.oc; ++o)
    for (std::int64_t t = 0; t < s.taps(); ++t) {
      bool kept = false;
      for (std::int64_t i = 0; i < s.ic; ++i) {
        if (i % c.group == 0) kept = rng.uniform() < c.density;
        if (kept) out[static_cast<std::size_t>((o * s.ic + i) * s.taps() + t)] = draw();
      }
    }
  return out;
}

/// Brute force: sum of weight * (src - offset) of one output.
template <class Sum, class T, class W>
Sum plain_sum(const ConvShape& s, const T* src, const W* weight, std::int64_t y, std::int64_t x,
              std::int64_t o, Sum offset) {
  Sum sum = 0;
  for (std::int64_t i = 0; i < s.ic; ++i)
    for (std::int64_t kh = 0; kh < s.kernel_h; ++kh)
      for (std::int64_t kw = 0; kw < s.kernel_w; ++kw)
        sum += static_cast<Sum>(weight[((o * s.ic + i) * s.kernel_h + kh) * s.kernel_w + kw]) *
               (static_cast<Sum>(src[(y * s.stride_h + kh * s.dilation_h - s.pad_h) * s.src_row +
                                     (x * s.stride_w + kw * s.dilation_w - s.pad_w) * s.src_pixel + i]) -
                offset);
  return sum;
}

/// All rows, in two calls, with a scratch of exactly the size asked for.
template <class T>
void run_all(const ConvShape& s, const SparseConvWeights& w, const T* src, const Epilogue& e) {
  std::vector<char> scratch(sparse_conv_scratch_bytes(s, w));
  const std::int64_t half = s.out_h / 3;
  run_sparse_conv(s, w, src, e, half, s.out_h, scratch.data());
  run_sparse_conv(s, w, src, e, 0, half, scratch.data());
}

TEST(SparseConv, CodesSumExactlyOnEveryInstructionSet) {
  Rng rng(1);
  for (int repeat = 0; repeat < 60; ++repeat) {
    Case c = random_case(rng);
    ConvShape& s = c.shape;
    const auto image = make_image<std::uint8_t>(s, 4, [&] { return static_cast<std::uint8_t>(rng()); });
    const auto codes =
        make_weights<std::int8_t>(c, rng, [&] { return static_cast<std::int8_t>(whole(rng, -128, 127)); });
    const auto offset = static_cast<std::int32_t>(whole(rng, 0, 255));
    const SparseConvWeights w = pack_sparse_conv(s, codes.data(), offset);
    each_isa([&] {
      std::vector<float> dst(static_cast<std::size_t>(s.out_h * s.out_w * s.oc), -1.0F);
      Epilogue e;
      e.channels = s.oc;
      e.floats = {dst.data(), s.oc, s.out_w * s.oc};
      run_all(s, w, image.src(), e);
      std::int64_t wrong = 0, at = 0;
      for (std::int64_t y = 0; y < s.out_h; ++y)
        for (std::int64_t x = 0; x < s.out_w; ++x)
          for (std::int64_t o = 0; o < s.oc; ++o)
            wrong += dst[static_cast<std::size_t>(at++)] !=
                     static_cast<float>(plain_sum(s, image.src(), codes.data(), y, x, o, offset));
      EXPECT_EQ(wrong, 0) << "case " << repeat;
    });
  }
}

/// Codes stored from registers must be those of finish on the same sums.
TEST(SparseConv, CodesOfEveryEpilogueEqualFinish) {
  Rng rng(2);
  for (int repeat = 0; repeat < 60; ++repeat) {
    Case c = random_case(rng);
    ConvShape& s = c.shape;
    const auto image = make_image<std::uint8_t>(s, 4, [&] { return static_cast<std::uint8_t>(rng()); });
    const auto codes =
        make_weights<std::int8_t>(c, rng, [&] { return static_cast<std::int8_t>(whole(rng, -128, 127)); });
    const std::int64_t pixels = s.out_h * s.out_w, padded = s.oc + 15;
    const auto scale = normals(padded, rng(), 0.002, 0.001), bias = normals(padded, rng());
    const auto norm_scale = normals(padded, rng()), norm_shift = normals(padded, rng());
    const auto residual = normals(pixels * s.oc, rng());
    std::vector<std::uint8_t> residual_codes(static_cast<std::size_t>(pixels * s.oc));
    for (std::uint8_t& v : residual_codes) v = static_cast<std::uint8_t>(rng());
    const auto odds = [&] { return rng.below(2) == 0; };
    Epilogue e;
    e.channels = s.oc;
    if (odds()) e.scale = scale.data();
    if (odds()) e.bias = bias.data();
    if (odds()) e.norm_scale = norm_scale.data(), e.norm_shift = norm_shift.data();
    if (rng.below(4) == 0) e.residual = {residual.data(), s.oc, s.out_w * s.oc};
    if (odds()) e.residual_codes = {residual_codes.data(), s.oc, s.out_w * s.oc};
    e.residual_scale = 0.03F, e.residual_offset = 77;
    if (odds())
      e.clamp = true, e.clamp_low = -0.5F,
      e.clamp_high = odds() ? 1.7F : std::numeric_limits<float>::infinity();
    e.inverse_scale = e.scale != nullptr ? 40.0F : 0.01F;
    if (rng.below(8) == 0) e.inverse_scale *= 1e10F;  // values that have no int32
    e.offset = static_cast<std::int32_t>(whole(rng, 0, 128));
    e.low = static_cast<float>(-e.offset), e.high = static_cast<float>(whole(rng, 1, 127));

    const SparseConvWeights w = pack_sparse_conv(s, codes.data(), 3);
    const std::int64_t pixel = s.oc + 5;
    std::vector<std::uint8_t> expected(static_cast<std::size_t>(pixels * pixel), 7);
    e.codes = {expected.data(), pixel, s.out_w * pixel};
    for (std::int64_t y = 0; y < s.out_h; ++y)
      for (std::int64_t x = 0; x < s.out_w; ++x) {
        std::vector<std::int32_t> sums(static_cast<std::size_t>(s.oc));
        for (std::int64_t o = 0; o < s.oc; ++o)
          sums[static_cast<std::size_t>(o)] = plain_sum(s, image.src(), codes.data(), y, x, o, 3);
        finish(e, sums.data(), s.oc, y, x, 1, 0, s.oc);
      }
    each_isa([&] {
      std::vector<std::uint8_t> dst(expected.size(), 7);
      e.codes.data = dst.data();
      run_all(s, w, image.src(), e);
      EXPECT_EQ(dst, expected) << "case " << repeat;
    });
  }
}

TEST(SparseConv, FloatsSumWithinRounding) {
  Rng rng(3);
  for (int repeat = 0; repeat < 60; ++repeat) {
    Case c = random_case(rng);
    ConvShape& s = c.shape;
    const auto draw = [&] { return static_cast<float>(rng.normal()); };
    const auto image = make_image<float>(s, 1, draw);
    const auto weight = make_weights<float>(c, rng, draw);
    const SparseConvWeights w = pack_sparse_conv(s, weight.data());
    std::vector<float> size(weight.size()), image_size(image.data.size());
    for (std::size_t i = 0; i < size.size(); ++i) size[i] = std::abs(weight[i]);
    for (std::size_t i = 0; i < image_size.size(); ++i) image_size[i] = std::abs(image.data[i]);
    const auto bias = normals(s.oc + 15, rng());
    const double bound = static_cast<double>(s.ic * s.taps() + 2) * std::numeric_limits<float>::epsilon();
    each_isa([&] {
      std::vector<float> dst(static_cast<std::size_t>(s.out_h * s.out_w * s.oc), -1.0F);
      Epilogue e;
      e.channels = s.oc;
      e.bias = bias.data();
      e.floats = {dst.data(), s.oc, s.out_w * s.oc};
      run_all(s, w, image.src(), e);
      std::int64_t wrong = 0, at = 0;
      for (std::int64_t y = 0; y < s.out_h; ++y)
        for (std::int64_t x = 0; x < s.out_w; ++x)
          for (std::int64_t o = 0; o < s.oc; ++o, ++at) {
            const double b = bias[static_cast<std::size_t>(o)];
            const double sum = plain_sum(s, image.src(), weight.data(), y, x, o, 0.0) + b;
            const double sizes = plain_sum(s, image_size.data() + image.origin, size.data(), y, x, o, 0.0);
            wrong += std::abs(sum - static_cast<double>(dst[static_cast<std::size_t>(at)])) >
                     bound * (sizes + std::abs(b));
          }
      EXPECT_EQ(wrong, 0) << "case " << repeat;
    });
  }
}

/// On whole numbers float sums are exact in any order, and floats stored from registers are those of finish.
TEST(SparseConv, FloatsOfEveryEpilogueEqualFinish) {
  Rng rng(6);
  for (int repeat = 0; repeat < 40; ++repeat) {
    Case c = random_case(rng);
    ConvShape& s = c.shape;
    const auto draw = [&] { return static_cast<float>(whole(rng, -20, 20)); };
    const auto image = make_image<float>(s, 1, draw);
    const auto weight = make_weights<float>(c, rng, draw);
    const std::int64_t pixels = s.out_h * s.out_w, padded = s.oc + 15, pixel = s.oc + 3;
    const auto scale = normals(padded, rng()), bias = normals(padded, rng());
    const auto norm_scale = normals(padded, rng()), norm_shift = normals(padded, rng());
    const auto residual = normals(pixels * s.oc, rng());
    const auto odds = [&] { return rng.below(2) == 0; };
    Epilogue e;
    e.channels = s.oc;
    if (odds()) e.scale = scale.data();
    if (odds()) e.bias = bias.data();
    if (odds()) e.norm_scale = norm_scale.data(), e.norm_shift = norm_shift.data();
    if (rng.below(4) == 0) e.residual = {residual.data(), s.oc, s.out_w * s.oc};
    if (odds()) e.clamp = true, e.clamp_low = -50.0F, e.clamp_high = 100.0F;
    std::vector<float> expected(static_cast<std::size_t>(pixels * pixel), 7.0F);
    e.floats = {expected.data(), pixel, s.out_w * pixel};
    for (std::int64_t y = 0; y < s.out_h; ++y)
      for (std::int64_t x = 0; x < s.out_w; ++x) {
        std::vector<float> sums(static_cast<std::size_t>(s.oc));
        for (std::int64_t o = 0; o < s.oc; ++o)
          sums[static_cast<std::size_t>(o)] = plain_sum(s, image.src(), weight.data(), y, x, o, 0.0F);
        finish(e, sums.data(), s.oc, y, x, 1, 0, s.oc);
      }
    const SparseConvWeights w = pack_sparse_conv(s, weight.data());
    each_isa([&] {
      std::vector<float> dst(expected.size(), 7.0F);
      e.floats.data = dst.data();
      run_all(s, w, image.src(), e);
      EXPECT_EQ(dst, expected) << "case " << repeat;
    });
  }
}

/// Layers whose panels outgrow the nearest cache sum block after block.
TEST(SparseConv, SumsOverBlocksOfRowsAreExact) {
  Rng rng(9);
  for (const std::int64_t kernel : {1, 3})
    for (const std::int64_t stride : {1, 2}) {
      Case c;
      c.group = 1, c.density = 0.5;
      ConvShape& s = c.shape;
      s.ic = kernel == 1 ? 640 : 140, s.oc = 7, s.kernel_h = s.kernel_w = kernel;
      s.stride_h = s.stride_w = stride, s.pad_h = s.pad_w = kernel / 2, s.out_h = 9, s.out_w = 16;
      const auto image = make_image<std::uint8_t>(s, 4, [&] { return static_cast<std::uint8_t>(rng()); });
      const auto codes =
          make_weights<std::int8_t>(c, rng, [&] { return static_cast<std::int8_t>(whole(rng, -128, 127)); });
      const SparseConvWeights w = pack_sparse_conv(s, codes.data(), 3);
      EXPECT_GT(w.blocks, 1);
      EXPECT_EQ(w.start.size(), static_cast<std::size_t>(w.blocks * (s.oc + 1)));
      each_isa([&] {
        std::vector<float> dst(static_cast<std::size_t>(s.out_h * s.out_w * s.oc), -1.0F);
        Epilogue e;
        e.channels = s.oc;
        e.floats = {dst.data(), s.oc, s.out_w * s.oc};
        run_all(s, w, image.src(), e);
        std::int64_t wrong = 0, at = 0;
        for (std::int64_t y = 0; y < s.out_h; ++y)
          for (std::int64_t x = 0; x < s.out_w; ++x)
            for (std::int64_t o = 0; o < s.oc; ++o)
              wrong += dst[static_cast<std::size_t>(at++)] !=
                       static_cast<float>(plain_sum(s, image.src(), codes.data(), y, x, o, 3));
        EXPECT_EQ(wrong, 0) << "kernel " << kernel << " stride " << stride;
      });
    }
}

TEST(SparseConv, RowsMayBeSplitAnywhere) {
  Rng rng(4);
  Case c{{.ic = 20, .oc = 70, .kernel_h = 3, .kernel_w = 3, .out_h = 11, .out_w = 13}, 0.3, 1};
  ConvShape& s = c.shape;
  const auto draw = [&] { return static_cast<float>(rng.normal()); };
  const auto image = make_image<float>(s, 1, draw);
  const SparseConvWeights w = pack_sparse_conv(s, make_weights<float>(c, rng, draw).data());
  each_isa([&] {
    std::vector<char> scratch(sparse_conv_scratch_bytes(s, w));
    const auto size = static_cast<std::size_t>(s.out_h * s.out_w * s.oc);
    std::vector<float> all(size), split(size);
    Epilogue e;
    e.channels = s.oc;
    e.floats = {all.data(), s.oc, s.out_w * s.oc};
    run_sparse_conv(s, w, image.src(), e, 0, s.out_h, scratch.data());
    e.floats.data = split.data();
    for (const auto& [first, last] : {std::pair{0, 1}, {1, 5}, {5, 5}, {5, 11}})
      run_sparse_conv(s, w, image.src(), e, first, last, scratch.data());
    for (std::size_t i = 0; i < size; ++i) ASSERT_NEAR(split[i], all[i], 1e-4) << i;
  });
}

TEST(SparseConv, KeepsAWordForEachGroupThatIsNotZero) {
  ConvShape s{.ic = 6, .oc = 2, .out_h = 5, .src_pixel = 8};
  const std::vector<std::int8_t> codes{0, 0, 0, 0, 0, 5, /**/ 1, 0, 0, -2, 0, 0};
  const SparseConvWeights w = pack_sparse_conv(s, codes.data(), 10);
  EXPECT_EQ(w.start, (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(w.index, (std::vector<std::uint16_t>{1, 0}));
  EXPECT_EQ(w.initial, (std::vector<std::int32_t>{-50, 10}));
  EXPECT_EQ(w.density(s), 0.5);
  EXPECT_EQ(w.bytes(), 2U * 4 + 2 * 2 + 3 * 4 + 2 * 4);
}

/// A 3x3 kernel of stride 2 has two phases of tap rows: rows 0 and 2 of the kernel share a row of the panel.
TEST(SparseConv, AnIndexIsATapRowAndARowOfThePanel) {
  ConvShape s{.ic = 4, .kernel_h = 3, .kernel_w = 3, .stride_h = 2, .stride_w = 2, .src_pixel = 4};
  const SparseConvWeights w = pack_sparse_conv(s, std::vector<std::int8_t>(36, 1).data(), 0);
  EXPECT_EQ(w.row_bits, 3);
  EXPECT_EQ(w.index, (std::vector<std::uint16_t>{0, 1, 2, 3, 4, 5, 8, 9, 10}));
}

TEST(SparseConv, NoSumIsLargerThanTheLargest) {
  const ConvShape s{.ic = 3, .oc = 2, .out_h = 5, .src_pixel = 4};
  const std::vector<std::int8_t> codes{2, -1, 0, /**/ -5, 0, 0};
  EXPECT_EQ(pack_sparse_conv(s, codes.data(), 0).largest, 5 * 255);
  EXPECT_EQ(pack_sparse_conv(s, codes.data(), 155).largest, 5 * 155);
}

TEST(SparseConv, LinearLayersOfFewRowsSumExactlyInLanes) {
  Rng rng(5);
  for (int repeat = 0; repeat < 60; ++repeat) {
    Case c = random_case(rng);
    ConvShape& s = c.shape;
    s = {.ic = whole(rng, 1, 500), .oc = whole(rng, 1, 70), .out_h = whole(rng, 1, sparse_lane_pixels)};
    const auto image = make_image<std::uint8_t>(s, 4, [&] { return static_cast<std::uint8_t>(rng()); });
    const auto codes =
        make_weights<std::int8_t>(c, rng, [&] { return static_cast<std::int8_t>(whole(rng, -128, 127)); });
    const SparseConvWeights w = pack_sparse_conv(s, codes.data(), 100);
    ASSERT_FALSE(w.lanes.start.empty());
    each_isa([&] {
      std::vector<float> dst(static_cast<std::size_t>(s.out_h * s.oc), -1.0F);
      Epilogue e;
      e.channels = s.oc;
      e.floats = {dst.data(), s.oc, s.oc};
      run_all(s, w, image.src(), e);
      for (std::int64_t y = 0; y < s.out_h; ++y)
        for (std::int64_t o = 0; o < s.oc; ++o)
          ASSERT_EQ(dst[static_cast<std::size_t>(y * s.oc + o)],
                    static_cast<float>(plain_sum(s, image.src(), codes.data(), y, 0, o, 100)))
              << "case " << repeat << " row " << y << " channel " << o;
    });
  }
}

/// Two channels 40 words apart cannot share a window; two that are near do.
TEST(SparseConv, AStepTakesAWordOfEachChannelInItsWindow) {
  const ConvShape s{.ic = 200, .oc = 2, .src_pixel = 200};
  std::vector<std::int8_t> codes(400);
  codes[0] = codes[4 * 41] = 1, codes[200 + 4 * 40] = codes[200 + 4 * 49] = 2;
  const SparseLanes lanes = pack_sparse_conv(s, codes.data(), 0).lanes;
  EXPECT_EQ(lanes.window, (std::vector<std::uint16_t>{0, 40, 49}));
  EXPECT_EQ(lanes.start, (std::vector<std::uint32_t>{0, 3}));
  EXPECT_EQ(lanes.index[16], 1);
  EXPECT_EQ(lanes.index[17], 0);
}

TEST(SparseConv, RefusesWeightsOfTheOtherType) {
  const ConvShape s{.ic = 4, .src_pixel = 4};
  const std::vector<float> floats(4, 1.0F), slack(64);
  const std::vector<std::int8_t> codes(4, 1);
  const std::vector<std::uint8_t> bytes(192);
  const SparseConvWeights of_floats = pack_sparse_conv(s, floats.data()),
                          of_codes = pack_sparse_conv(s, codes.data(), 0);
  std::vector<char> scratch(sparse_conv_scratch_bytes(s, of_floats));
  EXPECT_THROW(run_sparse_conv(s, of_floats, bytes.data() + 64, {}, 0, 1, scratch.data()), Error);
  EXPECT_THROW(run_sparse_conv(s, of_codes, slack.data() + 16, {}, 0, 1, scratch.data()), Error);
}

TEST(SparseConv, RefusesWhatItCannotPack) {
  const std::vector<std::int8_t> codes(400000);
  const auto kind = [&](const ConvShape& s, std::int32_t offset) {
    try {
      pack_sparse_conv(s, codes.data(), offset);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  EXPECT_EQ(kind({.ic = 8, .oc = 4, .groups = 2, .src_pixel = 8}, 0), ErrorKind::unsupported);
  EXPECT_EQ(kind({.ic = 262148, .src_pixel = 262148}, 0), ErrorKind::unsupported);
  EXPECT_FALSE(fits_sparse_conv({.ic = 262148}));
  EXPECT_TRUE(fits_sparse_conv({.ic = 262144}));
  EXPECT_EQ(kind({.ic = 4, .src_pixel = 4}, 256), ErrorKind::usage);
  EXPECT_EQ(kind({.ic = 4, .src_pixel = 6}, 0), ErrorKind::usage);
  EXPECT_EQ(kind({.ic = 5, .src_pixel = 4}, 0), ErrorKind::usage);
}

}  // namespace
}  // namespace tern::kernels
