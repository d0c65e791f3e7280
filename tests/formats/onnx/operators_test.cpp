// Operators on single values and on channels, by hand.
#include "formats/onnx/builder.hpp"

#include <cmath>

namespace tern::onnx {
namespace {

using namespace testing;

const Floats line{-8, -2, -0.5F, 0, 0.5F, 2, 4, 8};

Floats mapped(const std::function<float(float)>& function) {
  Floats values;
  for (const float x : line) values.push_back(function(x));
  return values;
}

float clamp(float x, float low, float high) {
  return std::min(std::max(x, low), high);
}

TEST(OnnxActivations, OneOperatorEach) {
  struct Case {
    std::string op;
    std::vector<Attribute> attributes;
    float (*function)(float);
    std::string net;
  };
  const Case cases[] = {
      {"Relu", {}, [](float x) { return std::max(x, 0.0F); }, "relu"},
      {"Sigmoid", {}, [](float x) { return 1 / (1 + std::exp(-x)); }, "sigmoid"},
      {"LeakyRelu", {{"alpha", 0.1F}}, [](float x) { return x > 0 ? x : 0.1F * x; }, "leaky_relu"},
      {"HardSwish", {}, [](float x) { return x * clamp(x / 6 + 0.5F, 0, 1); }, "hard_swish"},
      {"HardSigmoid",
       {{"alpha", 1.0F / 6}},
       [](float x) { return clamp(x / 6 + 0.5F, 0, 1); },
       "hard_sigmoid"},
      {"HardSigmoid",
       {},
       [](float x) { return clamp(0.2F * x + 0.5F, 0, 1); },
       "batch_norm relu6 batch_norm"},
  };
  for (const Case& c : cases) {
    Builder builder({8}, 14);
    builder.add(c.op, "y", {"x"}, c.attributes);
    const pack::PackedModel model = import_model(builder.bytes());
    EXPECT_EQ(operations(model), c.net);
    expect_near(run(model, line), mapped(c.function));
  }
}

TEST(OnnxActivations, ClipInEveryForm) {
  struct Case {
    float low, high;
    std::string net;
  };
  for (const Case& c :
       {Case{0, 6, "relu6"}, Case{0, INFINITY, "relu"}, Case{0, 1, "batch_norm relu6 batch_norm"},
        Case{-1, 3, "batch_norm relu6 batch_norm"}, Case{-1, INFINITY, "batch_norm relu batch_norm"}})
    for (const std::int64_t opset : {7, 13}) {
      Builder builder({8}, opset);
      if (opset == 7)
        builder.add("Clip", "y", {"x"}, {{"min", c.low}, {"max", c.high}});
      else
        builder.add("Clip", "y",
                    {"x", builder.floats("low", {}, {c.low}), builder.floats("high", {}, {c.high})});
      const pack::PackedModel model = import_model(builder.bytes());
      EXPECT_EQ(operations(model), c.net);
      expect_near(run(model, line), mapped([&](float x) { return clamp(x, c.low, c.high); }));
    }
}

TEST(OnnxActivations, GatesOfThemselves) {
  for (const bool gate_first : {false, true}) {
    Builder silu({8});
    silu.add("Sigmoid", "s", {"x"});
    silu.add("Mul", "y",
             gate_first ? std::vector<std::string>{"s", "x"} : std::vector<std::string>{"x", "s"});
    EXPECT_EQ(operations(import_model(silu.bytes())), "silu");
    expect_near(run(silu, line), mapped([](float x) { return x / (1 + std::exp(-x)); }));
  }
  Builder swish({8});
  swish.add("HardSigmoid", "s", {"x"}, {{"alpha", 1.0F / 6}});
  swish.add("Mul", "y", {"x", "s"});
  EXPECT_EQ(operations(import_model(swish.bytes())), "hard_swish");
  Builder other({8});  // the gate is read twice: it stays
  other.add("Sigmoid", "s", {"x"});
  other.add("Mul", "m", {"x", "s"});
  other.add("Add", "y", {"m", "s"});
  EXPECT_EQ(operations(import_model(other.bytes())), "sigmoid multiply add");
}

TEST(OnnxSoftmax, SumsToOneOverTheChannels) {
  Builder builder({3});
  builder.add("Softmax", "y", {"x"}, {{"axis", -1}});
  const Floats p = run(builder, {0, std::log(2.0F), std::log(5.0F)});
  expect_near(p, {0.125F, 0.25F, 0.625F});
  Builder rows({2, 2, 2});
  rows.add("Softmax", "y", {"x"}, {{"axis", 3}});
  EXPECT_EQ(import_error(rows).kind(), ErrorKind::unsupported);
}

TEST(OnnxArithmetic, WithConstants) {
  const Floats src{1, 2, 3, 4, 5, 6};  // [2, 1, 3]
  struct Case {
    std::string op;
    bool constant_first;
    Ints dims;
    Floats constant, expected;
  };
  const Case cases[] = {
      {"Add", false, {}, {10}, {11, 12, 13, 14, 15, 16}},
      {"Sub", false, {2, 1, 1}, {1, 4}, {0, 1, 2, 0, 1, 2}},
      {"Sub", true, {1, 2, 1, 1}, {1, 4}, {0, -1, -2, 0, -1, -2}},
      {"Mul", true, {2, 1, 1}, {2, -1}, {2, 4, 6, -4, -5, -6}},
      {"Div", false, {1}, {2}, {0.5F, 1, 1.5F, 2, 2.5F, 3}},
  };
  for (const Case& c : cases) {
    Builder builder({2, 1, 3});
    const std::string constant = builder.floats("k", c.dims, c.constant);
    builder.add(
        c.op, "y",
        c.constant_first ? std::vector<std::string>{constant, "x"} : std::vector<std::string>{"x", constant});
    expect_near(run(builder, src), c.expected);
  }
  Builder columns({2, 1, 3});
  columns.add("Add", "y", {"x", columns.floats("k", {3}, {1, 2, 3})});
  EXPECT_EQ(import_error(columns).kind(), ErrorKind::unsupported);
}

TEST(OnnxArithmetic, OfActivations) {
  Builder builder({4});
  builder.add("Relu", "r", {"x"});
  builder.add("Sub", "d", {"x", "r"});
  builder.add("Sum", "y", {"d", "x", "r"});
  EXPECT_EQ(run(builder, {-1, 2, -3, 4}), (Floats{-2, 4, -6, 8}));
}

TEST(OnnxChannels, SplitSliceAndConcat) {
  for (const std::int64_t opset : {11, 13}) {
    Builder builder({5, 1, 2}, opset);
    if (opset == 13)
      builder.add("Split", "a", {"x", builder.integers("sizes", {2}, {2, 3})}, {{"axis", 1}}, 2);
    else
      builder.add("Split", "a", {"x"}, {{"axis", 1}, {"split", Ints{2, 3}}}, 2);
    builder.add("Slice", "s",
                {"a1", builder.integers("from", {1}, {-2}), builder.integers("to", {1}, {1000000}),
                 builder.integers("along", {1}, {1})});
    builder.add("Concat", "y", {"s", "a"}, {{"axis", -3}});
    EXPECT_EQ(run(builder, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}), (Floats{6, 7, 8, 9, 0, 1, 2, 3}));
  }
}

TEST(OnnxChannels, StepsOverPlaces) {
  Builder builder({1, 3, 3});
  builder.add("Slice", "y",
              {"x", builder.integers("from", {2}, {0, 0}), builder.integers("to", {2}, {3, 3}),
               builder.integers("along", {2}, {2, 3}), builder.integers("steps", {2}, {2, 2})});
  EXPECT_EQ(run(builder, {1, 2, 3, 4, 5, 6, 7, 8, 9}), (Floats{1, 3, 7, 9}));
}

TEST(OnnxResize, RepeatsEveryPlace) {
  for (const std::int64_t opset : {9, 13}) {
    Builder builder({1, 1, 2}, opset);
    const std::string scales = builder.floats("scales", {4}, {1, 1, 2, 3});
    if (opset == 9)
      builder.add("Upsample", "y", {"x", scales}, {{"mode", "nearest"}});
    else
      builder.add(
          "Resize", "y", {"x", "", scales},
          {{"mode", "nearest"}, {"coordinate_transformation_mode", "asymmetric"}, {"nearest_mode", "floor"}});
    EXPECT_EQ(run(builder, {1, 2}), (Floats{1, 1, 1, 2, 2, 2, 1, 1, 1, 2, 2, 2}));
  }
  Builder linear({1, 2, 2});
  linear.add("Resize", "y", {"x", "", linear.floats("scales", {4}, {1, 1, 2, 2})}, {{"mode", "linear"}});
  EXPECT_EQ(import_error(linear).kind(), ErrorKind::unsupported);
}

TEST(OnnxPad, WithAValue) {
  Builder builder({1, 1, 2});
  builder.add(
      "Pad", "y",
      {"x", builder.integers("pads", {8}, {0, 0, 1, 0, 0, 0, 0, 1}), builder.floats("value", {}, {9})});
  EXPECT_EQ(run(builder, {1, 2}), (Floats{9, 9, 9, 1, 2, 9}));
}

TEST(OnnxInput, MeanAndStdBecomeTheFirstNode) {
  Builder builder({2, 1, 1});
  builder.add("Relu", "y", {"x"});
  ImportOptions options;
  options.mean = {1, 2};
  options.std = {2, 4};
  expect_near(run(import_model(builder.bytes(), options), {5, 10}), {2, 2});
  options.std = {0, 1};
  EXPECT_EQ(error_of([&] { import_model(builder.bytes(), options); }).kind(), ErrorKind::usage);
}

}  // namespace
}  // namespace tern::onnx
