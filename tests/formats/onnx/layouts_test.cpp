// Operators that only rearrange leave no node behind, whatever the order of dimensions.
#include "formats/onnx/builder.hpp"

namespace tern::onnx {
namespace {

using namespace testing;

TEST(OnnxLayout, TransposedInputIsFolded) {
  Builder builder({2, 3, 1});  // h, w, c
  builder.add("Transpose", "t", {"x"}, {{"perm", Ints{0, 3, 1, 2}}});
  builder.add("Conv", "y", {"t", builder.floats("w", {1, 1, 1, 1}, {2})});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(operations(model), "conv2d");
  EXPECT_EQ(model.net.type("input").shape, (net::Shape{1, 2, 3}));
  EXPECT_EQ(model.metadata.at("onnx.input_layout"), "nhwc");
}

/// Features that were flattened in h, w, c order meet columns that were trained in that order.
TEST(OnnxLayout, ChannelsLastFeaturesPermuteTheWeights) {
  Builder builder({2, 2, 3});  // h, w, c
  builder.add("Transpose", "t", {"x"}, {{"perm", Ints{0, 3, 1, 2}}});
  builder.add("Relu", "r", {"t"});
  builder.add("Transpose", "back", {"r"}, {{"perm", Ints{0, 2, 3, 1}}});
  builder.add("Reshape", "flat", {"back", builder.integers("shape", {2}, {-1, 12})});
  builder.add("MatMul", "y", {"flat", builder.floats("w", {12, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(operations(model), "relu flatten linear");
  // In c, h, w order the weight of (c, place) is 3 * place + c.
  EXPECT_EQ(model.tensors.at("y.weight").values, (Floats{0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11}));
}

/// What PyTorch writes for x.view(x.size(0), -1).
TEST(OnnxLayout, ShapeChainsBeforeReshape) {
  for (const std::int64_t batch : {0, 1}) {
    Builder builder({2, 1, 3}, 9);
    if (batch == 1)
      builder.graph()
          .mutable_input(0)
          ->mutable_type()
          ->mutable_tensor_type()
          ->mutable_shape()
          ->mutable_dim(0)
          ->set_dim_value(1);
    builder.add("Relu", "r", {"x"});
    builder.add("Shape", "shape", {"r"});
    builder.add("Gather", "n", {"shape", builder.integers("zero", {}, {0})});
    builder.add("Unsqueeze", "n1", {"n"}, {{"axes", Ints{0}}});
    builder.add("Concat", "target", {"n1", builder.integers("rest", {1}, {-1})}, {{"axis", 0}});
    builder.add("Reshape", "flat", {"r", "target"});
    builder.add("Gemm", "y", {"flat", builder.floats("w", {1, 6}, {1, 1, 1, 1, 1, 1})}, {{"transB", 1}});
    EXPECT_EQ(operations(import_model(builder.bytes())), "relu flatten linear");
    EXPECT_EQ(run(builder, {1, 2, 3, 4, 5, -6}), (Floats{15}));
  }
}

TEST(OnnxLayout, RowsThatBecomeImagesAtOnceAreImages) {
  Builder builder({12});
  builder.add("Reshape", "image", {"x", builder.integers("shape", {4}, {-1, 3, 2, 2})});
  builder.add("GlobalAveragePool", "y", {"image"});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(model.net.type("input").shape, (net::Shape{3, 2, 2}));
  EXPECT_EQ(run(model, {1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}), (Floats{1, 2, 3}));
}

TEST(OnnxLayout, SqueezeFlattenAndUnsqueeze) {
  for (const std::int64_t opset : {11, 13}) {
    Builder builder({2, 2, 2}, opset);
    builder.add("GlobalAveragePool", "p", {"x"});
    if (opset == 13) {
      builder.add("Squeeze", "s", {"p", builder.integers("axes", {2}, {2, 3})});
      builder.add("Unsqueeze", "u", {"s", builder.integers("axis", {1}, {2})});
    } else {
      builder.add("Squeeze", "s", {"p"}, {{"axes", Ints{2, 3}}});
      builder.add("Unsqueeze", "u", {"s"}, {{"axes", Ints{2}}});
    }
    builder.add("Flatten", "y", {"u"});
    EXPECT_EQ(operations(import_model(builder.bytes())), "global_avg_pool");
    EXPECT_EQ(run(builder, {1, 2, 3, 4, 5, 6, 7, 8}), (Floats{2.5F, 6.5F}));
  }
}

TEST(OnnxLayout, WhatANetCannotSayIsRefused) {
  Builder split({4, 2, 2});  // [n, 2, 8]: four channels are cut in two
  split.add("Reshape", "y", {"x", split.integers("shape", {3}, {-1, 2, 8})});
  EXPECT_EQ(import_error(split).kind(), ErrorKind::unsupported);
  Builder moved({4, 2, 2});
  moved.add("Transpose", "y", {"x"}, {{"perm", Ints{1, 0, 2, 3}}});
  EXPECT_EQ(import_error(moved).kind(), ErrorKind::unsupported);
  Builder turned({4, 2, 3});
  turned.add("Transpose", "y", {"x"}, {{"perm", Ints{0, 1, 3, 2}}});
  EXPECT_EQ(import_error(turned).kind(), ErrorKind::unsupported);
}

TEST(OnnxLayout, OutputOfChoice) {
  Builder builder({4});
  builder.add("Relu", "a", {"x"});
  builder.add("Sigmoid", "b", {"a"});
  builder.graph().add_output()->set_name("a");
  builder.graph().add_output()->set_name("b");
  EXPECT_EQ(import_error(builder).kind(), ErrorKind::unsupported);
  ImportOptions options;
  options.output = "a";
  EXPECT_EQ(operations(import_model(builder.bytes(), options)), "relu");
  options.output = "c";
  EXPECT_EQ(error_of([&] { import_model(builder.bytes(), options); }).kind(), ErrorKind::usage);
}

}  // namespace
}  // namespace tern::onnx
