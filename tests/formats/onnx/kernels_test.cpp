// Conv, Gemm, MatMul, BatchNormalization and pools against loops over every index.
#include "formats/onnx/builder.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tern::onnx {
namespace {

using namespace testing;

struct Geometry {
  std::int64_t c, h, w, oc, kh, kw, sh = 1, sw = 1, dh = 1, dw = 1, groups = 1;
  Ints pads{0, 0, 0, 0};  ///< top, left, bottom, right
  std::int64_t oh() const { return (h + pads[0] + pads[2] - dh * (kh - 1) - 1) / sh + 1; }
  std::int64_t ow() const { return (w + pads[1] + pads[3] - dw * (kw - 1) - 1) / sw + 1; }
};

/// Calls visit(o, c of the group, tap, output place, input place or -1 in the border).
template <class Visit>
void each_tap(const Geometry& g, Visit visit) {
  for (std::int64_t y = 0; y < g.oh(); ++y)
    for (std::int64_t x = 0; x < g.ow(); ++x)
      for (std::int64_t ky = 0; ky < g.kh; ++ky)
        for (std::int64_t kx = 0; kx < g.kw; ++kx) {
          const std::int64_t iy = y * g.sh + ky * g.dh - g.pads[0], ix = x * g.sw + kx * g.dw - g.pads[1];
          const bool inside = iy >= 0 && iy < g.h && ix >= 0 && ix < g.w;
          visit(ky * g.kw + kx, y * g.ow() + x, inside ? iy * g.w + ix : -1);
        }
}

Floats convolution(const Geometry& g, const Floats& src, const Floats& weight, const Floats& bias) {
  const std::int64_t places = g.oh() * g.ow(), ic = g.c / g.groups;
  Floats dst(static_cast<std::size_t>(g.oc * places));
  for (std::int64_t o = 0; o < g.oc; ++o) {
    for (std::int64_t p = 0; p < places && !bias.empty(); ++p)
      dst[static_cast<std::size_t>(o * places + p)] = bias[static_cast<std::size_t>(o)];
    for (std::int64_t i = 0; i < ic; ++i)
      each_tap(g, [&](std::int64_t tap, std::int64_t to, std::int64_t from) {
        const std::int64_t c = o / (g.oc / g.groups) * ic + i;
        if (from >= 0)
          dst[static_cast<std::size_t>(o * places + to)] +=
              weight[static_cast<std::size_t>((o * ic + i) * g.kh * g.kw + tap)] *
              src[static_cast<std::size_t>(c * g.h * g.w + from)];
      });
  }
  return dst;
}

std::vector<Attribute> attributes_of(const Geometry& g) {
  return {{"kernel_shape", Ints{g.kh, g.kw}},
          {"strides", Ints{g.sh, g.sw}},
          {"dilations", Ints{g.dh, g.dw}},
          {"group", g.groups}};
}

const Geometry geometries[] = {
    {.c = 3, .h = 6, .w = 5, .oc = 4, .kh = 3, .kw = 3, .pads = {1, 1, 1, 1}},
    {.c = 4, .h = 7, .w = 8, .oc = 6, .kh = 3, .kw = 2, .sh = 2, .sw = 1, .groups = 2, .pads = {0, 1, 1, 0}},
    {.c = 5, .h = 8, .w = 8, .oc = 5, .kh = 3, .kw = 3, .sh = 2, .sw = 2, .groups = 5, .pads = {0, 0, 1, 1}},
    {.c = 2, .h = 9, .w = 9, .oc = 3, .kh = 3, .kw = 3, .dh = 2, .dw = 3, .pads = {2, 3, 2, 3}},
    {.c = 1, .h = 1, .w = 9, .oc = 2, .kh = 1, .kw = 4, .pads = {0, 3, 0, 1}},
};

TEST(OnnxConv, AgreesWithLoopsOverEveryIndex) {
  for (const Geometry& g : geometries)
    for (const bool has_bias : {false, true}) {
      const Ints dims{g.oc, g.c / g.groups, g.kh, g.kw};
      const Floats weight = Builder::random_values(net::num_elements(dims), 1),
                   src = Builder::random_values(g.c * g.h * g.w, 2);
      const Floats bias = has_bias ? Builder::random_values(g.oc, 3) : Floats{};
      Builder builder({g.c, g.h, g.w});
      std::vector<std::string> inputs{"x", builder.floats("w", dims, weight)};
      if (has_bias) inputs.push_back(builder.floats("b", {g.oc}, bias));
      auto attributes = attributes_of(g);
      attributes.emplace_back("pads", g.pads);
      builder.add("Conv", "y", inputs, attributes);
      expect_near(run(builder, src), convolution(g, src, weight, bias));
    }
}

/// ONNX: SAME_UPPER puts the odd zero at the end, SAME_LOWER at the beginning.
TEST(OnnxConv, AutoPad) {
  for (const std::int64_t stride : {1, 2, 3})
    for (const std::int64_t kernel : {2, 3, 4})
      for (const std::string how : {"SAME_UPPER", "SAME_LOWER", "VALID"}) {
        Geometry g{.c = 2, .h = 7, .w = 8, .oc = 2, .kh = kernel, .kw = kernel, .sh = stride, .sw = stride};
        for (const std::size_t d : {0, 1}) {
          const std::int64_t size = d == 0 ? g.h : g.w, outputs = (size + stride - 1) / stride;
          const std::int64_t total = std::max<std::int64_t>(0, (outputs - 1) * stride + kernel - size);
          if (how == "SAME_UPPER") g.pads[d] = total / 2;
          if (how == "SAME_LOWER") g.pads[d] = (total + 1) / 2;
          if (how != "VALID") g.pads[d + 2] = total - g.pads[d];
        }
        const Floats src = Builder::random_values(g.c * g.h * g.w, 4),
                     weight = Builder::random_values(4 * kernel * kernel, 5);
        Builder builder({g.c, g.h, g.w});
        auto attributes = attributes_of(g);
        attributes.emplace_back("auto_pad", how.c_str());
        builder.add("Conv", "y", {"x", builder.floats("w", {2, 2, kernel, kernel}, weight)}, attributes);
        expect_near(run(builder, src), convolution(g, src, weight, {}));
      }
}

TEST(OnnxConv, TakesOverThePadBeforeIt) {
  Builder builder({2, 6, 6});
  builder.add("Pad", "p", {"x", builder.integers("pads", {8}, {0, 0, 1, 0, 0, 0, 1, 2})});
  builder.add("Conv", "y", {"p", builder.random("w", {3, 2, 3, 3}, 6)}, {{"pads", Ints{0, 1, 0, 1}}});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(operations(model), "pad2d conv2d");  // the two columns more on the right are left over
  EXPECT_EQ(model.net.context(model.net.node("y")).integers("padding"), (Ints{1, 1}));
  const Geometry g{.c = 2, .h = 6, .w = 6, .oc = 3, .kh = 3, .kw = 3, .pads = {1, 1, 1, 3}};
  const Floats src = Builder::random_values(72, 7);
  expect_near(run(model, src), convolution(g, src, Builder::random_values(54, 6), {}));
}

TEST(OnnxConv, OneByOneOnARowIsLinear) {
  Builder builder({3, 4, 4});
  builder.add("GlobalAveragePool", "p", {"x"});
  builder.add("Conv", "squeeze", {"p", builder.random("w", {2, 3, 1, 1}, 8), builder.random("b", {2}, 9)});
  builder.add("Sigmoid", "gate", {"squeeze"});
  builder.add("Conv", "expand", {"gate", builder.random("w2", {3, 2, 1, 1}, 10)});
  builder.add("Mul", "y", {"x", "expand"});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(operations(model), "global_avg_pool linear sigmoid linear multiply");
  const Floats src = Builder::random_values(48, 11), w = Builder::random_values(6, 8),
               b = Builder::random_values(2, 9), w2 = Builder::random_values(6, 10);
  Floats mean(3), hidden(2), expected = src;
  for (int i = 0; i < 48; ++i) mean[i / 16] += src[i] / 16;
  for (int o = 0; o < 2; ++o) {
    float sum = b[o];
    for (int i = 0; i < 3; ++i) sum += w[o * 3 + i] * mean[i];
    hidden[o] = 1 / (1 + std::exp(-sum));
  }
  for (int i = 0; i < 48; ++i) expected[i] *= w2[i / 16 * 2] * hidden[0] + w2[i / 16 * 2 + 1] * hidden[1];
  expect_near(run(model, src), expected);
}

TEST(OnnxGemm, TransposedScaledAndWithAddend) {
  for (const int trans_b : {0, 1}) {
    Builder builder({4});
    const Floats weight = Builder::random_values(12, 12), bias = Builder::random_values(3, 13),
                 src = Builder::random_values(4, 14);
    builder.add("Gemm", "y",
                {"x", builder.floats("w", trans_b ? Ints{3, 4} : Ints{4, 3}, weight),
                 builder.floats("b", {1, 3}, bias)},
                {{"transB", trans_b}, {"alpha", 0.5F}, {"beta", 2.0F}});
    Floats expected(3);
    for (int o = 0; o < 3; ++o) {
      expected[o] = 2 * bias[o];
      for (int i = 0; i < 4; ++i) expected[o] += 0.5F * weight[trans_b ? o * 4 + i : i * 3 + o] * src[i];
    }
    expect_near(run(builder, src), expected);
  }
}

TEST(OnnxMatMul, TheAddBehindItIsItsBias) {
  Builder builder({2});
  builder.add("MatMul", "m", {"x", builder.floats("w", {2, 3}, {1, 2, 3, 4, 5, 6})});
  builder.add("Add", "y", {builder.floats("b", {3}, {10, 20, 30}), "m"});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(operations(model), "linear");
  EXPECT_EQ(run(model, {1, 10}), (Floats{51, 72, 93}));
}

TEST(OnnxBatchNormalization, ByHand) {
  Builder builder({2, 1, 2});
  builder.add("BatchNormalization", "y",
              {"x", builder.floats("g", {2}, {2, 3}), builder.floats("b", {2}, {1, 0}),
               builder.floats("m", {2}, {1, 2}), builder.floats("v", {2}, {4, 0.25F})},
              {{"epsilon", 0.0F}});
  expect_near(run(builder, {1, 3, 2, 4}), {1, 3, 0, 12});
}

TEST(OnnxMaxPool, BordersNeverWin) {
  Geometry g{.c = 2, .h = 5, .w = 6, .oc = 2, .kh = 3, .kw = 3, .sh = 2, .sw = 2, .pads = {1, 1, 1, 1}};
  Floats src = Builder::random_values(g.c * g.h * g.w, 15);
  for (float& value : src) value -= 2;  // all below zero
  Builder builder({g.c, g.h, g.w});
  builder.add("MaxPool", "y", {"x"},
              {{"kernel_shape", Ints{3, 3}}, {"strides", Ints{2, 2}}, {"pads", g.pads}});
  Floats expected(static_cast<std::size_t>(g.c * g.oh() * g.ow()), std::numeric_limits<float>::lowest());
  for (std::int64_t c = 0; c < g.c; ++c)
    each_tap(g, [&](std::int64_t, std::int64_t to, std::int64_t from) {
      float& best = expected[static_cast<std::size_t>(c * g.oh() * g.ow() + to)];
      if (from >= 0) best = std::max(best, src[static_cast<std::size_t>(c * g.h * g.w + from)]);
    });
  EXPECT_EQ(run(builder, src), expected);
}

/// ceil((6 - 3) / 2) + 1 = 3 windows: the last one hangs over.
TEST(OnnxMaxPool, CeilModeKeepsTheIncompleteWindow) {
  Builder builder({1, 1, 6});
  builder.add("MaxPool", "y", {"x"},
              {{"kernel_shape", Ints{1, 3}}, {"strides", Ints{1, 2}}, {"ceil_mode", 1}});
  EXPECT_EQ(run(builder, {-5, -4, -3, -9, -8, -7}), (Floats{-3, -3, -7}));
}

TEST(OnnxAveragePool, CountsItsBorderWhereAsked) {
  Builder builder({1, 2, 2});
  builder.add("AveragePool", "y", {"x"},
              {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{1, 0, 0, 0}}, {"count_include_pad", 1}});
  EXPECT_EQ(run(builder, {1, 3, 5, 7}), (Floats{1, 4}));
  Builder other({1, 2, 2});
  other.add("AveragePool", "y", {"x"}, {{"kernel_shape", Ints{2, 2}}, {"pads", Ints{1, 0, 0, 0}}});
  EXPECT_EQ(import_error(other).kind(), ErrorKind::unsupported);
}

TEST(OnnxReduceMean, OverPlaces) {
  for (const std::int64_t opset : {13, 18}) {
    Builder builder({2, 2, 2}, opset);
    if (opset == 13)
      builder.add("ReduceMean", "y", {"x"}, {{"axes", Ints{2, -1}}, {"keepdims", 0}});
    else
      builder.add("ReduceMean", "y", {"x", builder.integers("axes", {2}, {2, 3})}, {{"keepdims", 0}});
    EXPECT_EQ(run(builder, {1, 2, 3, 4, 5, 6, 7, 8}), (Floats{2.5F, 6.5F}));
  }
}

}  // namespace
}  // namespace tern::onnx
