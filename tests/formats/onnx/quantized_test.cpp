// QuantizeLinear and DequantizeLinear: `quantize` nodes and codes of weights.
#include "formats/onnx/builder.hpp"

#include <cmath>

namespace tern::onnx {
namespace {

using namespace testing;
using schema::TensorProto;

std::string quantized(Builder& builder, const std::string& tensor, const std::string& name, float scale,
                      std::int64_t zero, TensorProto::DataType type = TensorProto::UINT8) {
  const std::string s = builder.floats(name + "s", {}, {scale}),
                    z = builder.integers(name + "z", {}, {zero}, type);
  return builder.add("DequantizeLinear", name,
                     {builder.add("QuantizeLinear", name + "q", {tensor, s, z}), s, z});
}

TEST(OnnxQuantized, ActivationsBecomeQuantizeNodes) {
  for (const auto type : {TensorProto::UINT8, TensorProto::INT8}) {
    Builder builder({6});
    quantized(builder, "x", "y", 0.5F, 3, type);
    const pack::PackedModel model = import_model(builder.bytes());
    EXPECT_EQ(operations(model), "quantize");
    EXPECT_EQ(model.net.context(model.net.output()).flag("signed"), type == TensorProto::INT8);
    const float low = type == TensorProto::UINT8 ? -1.5F : -65.5F,
                high = type == TensorProto::UINT8 ? 126 : 62;
    EXPECT_EQ(run(model, {0.2F, 0.3F, -0.75F, 1.25F, -1000, 1000}),
              (Floats{0, 0.5F, -1, 1, low, high}));  // ties to even
  }
}

TEST(OnnxQuantized, MovesOfIntegersStayBetweenQuantizeAndDequantize) {
  Builder builder({1, 2, 2});
  const std::string s = builder.floats("s", {}, {1}),
                    z = builder.integers("z", {}, {128}, TensorProto::UINT8);
  builder.add("QuantizeLinear", "q", {"x", s, z});
  builder.add("MaxPool", "m", {"q"}, {{"kernel_shape", Ints{2, 2}}});
  builder.add("Flatten", "f", {"m"});
  builder.add("DequantizeLinear", "y", {"f", s, z});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(operations(model), "quantize max_pool2d flatten");
  EXPECT_EQ(run(model, {-4.2F, -3.1F, -7, -8}), (Floats{-3}));
  Builder other({1, 2, 2});
  other.add("QuantizeLinear", "q",
            {"x", other.floats("s", {}, {1}), other.integers("z", {}, {128}, TensorProto::UINT8)});
  other.add("Relu", "y", {"q"});
  EXPECT_EQ(import_error(other).kind(), ErrorKind::unsupported);
}

/// Axis 0 of Conv, axis 1 of MatMul: one scale an output channel either way.
TEST(OnnxQuantized, WeightsKeepTheirCodesAndScales) {
  Builder builder({2, 1, 1});
  const std::string src = quantized(builder, "x", "a", 0.25F, 0);
  builder.add(
      "DequantizeLinear", "w",
      {builder.integers("wq", {2, 2, 1, 1}, {-128, 127, 3, -4}, TensorProto::INT8),
       builder.floats("ws", {2}, {0.5F, 0.125F}), builder.integers("wz", {2}, {0, 0}, TensorProto::INT8)},
      {{"axis", 0}});
  builder.add("DequantizeLinear", "b",
              {builder.integers("bq", {2}, {8, -16}, TensorProto::INT32),
               builder.floats("bs", {2}, {0.125F, 0.03125F})},
              {{"axis", 0}});
  builder.add("Conv", "c", {src, "w", "b"});
  builder.add("Flatten", "f", {"c"});
  builder.add("DequantizeLinear", "m",
              {builder.integers("mq", {2, 3}, {1, 2, 3, 4, 5, 6}, TensorProto::INT8),
               builder.floats("ms", {3}, {1, 10, 100}), ""});
  builder.add("MatMul", "y", {"f", "m"});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(operations(model), "quantize conv2d flatten linear");
  const pack::PackedTensor &conv = model.tensors.at("c.weight"), &linear = model.tensors.at("y.weight");
  EXPECT_EQ(conv.bits, 8);
  EXPECT_EQ(conv.codes, (std::vector<std::int16_t>{-128, 127, 3, -4}));
  EXPECT_EQ(conv.scales, (Floats{0.5F, 0.125F}));
  EXPECT_EQ(model.tensors.at("c.bias").values, (Floats{1, -0.5F}));
  EXPECT_EQ(linear.codes, (std::vector<std::int16_t>{1, 4, 2, 5, 3, 6}));
  EXPECT_EQ(linear.scales, (Floats{1, 10, 100}));
}

/// uint8 weights around 100 need nine bits when their zero point is taken off.
TEST(OnnxQuantized, ZeroPointsOfWeightsAreTakenOff) {
  Builder builder({2});
  builder.add("DequantizeLinear", "w",
              {builder.integers("q", {1, 2}, {0, 255}, TensorProto::UINT8), builder.floats("s", {}, {0.5F}),
               builder.integers("z", {}, {100}, TensorProto::UINT8)});
  builder.add("Gemm", "y", {"x", "w"}, {{"transB", 1}});
  const pack::PackedModel model = import_model(builder.bytes());
  EXPECT_EQ(model.tensors.at("y.weight").bits, 9);
  EXPECT_EQ(model.tensors.at("y.weight").codes, (std::vector<std::int16_t>{-100, 155}));
  expect_near(run(model, {1, 2}), {-50 + 155});
}

TEST(OnnxQuantized, FloatWeightsThatAreQuantizedInTheGraph) {
  Builder builder({2});
  const std::string s = builder.floats("s", {}, {0.5F}),
                    z = builder.integers("z", {}, {0}, TensorProto::INT8);
  builder.add("QuantizeLinear", "q", {builder.floats("w", {1, 2}, {0.26F, -100}), s, z});
  builder.add("DequantizeLinear", "d", {"q", s, z});
  builder.add("Gemm", "y", {"x", "d"}, {{"transB", 1}});
  EXPECT_EQ(import_model(builder.bytes()).tensors.at("y.weight").codes, (std::vector<std::int16_t>{1, -128}));
}

TEST(OnnxQuantized, ScalesThatDoNotFitAreRefused) {
  for (const Floats& scales : {Floats{0}, Floats{-1}, Floats{NAN}}) {
    Builder builder({2});
    builder.add("QuantizeLinear", "q",
                {"x", builder.floats("s", {}, scales), builder.integers("z", {}, {0}, TensorProto::UINT8)});
    EXPECT_EQ(import_error(builder).kind(), ErrorKind::bad_data);
  }
  Builder other({2});  // another scale behind
  other.add("QuantizeLinear", "q",
            {"x", other.floats("s", {}, {1}), other.integers("z", {}, {0}, TensorProto::UINT8)});
  other.add("DequantizeLinear", "y", {"q", other.floats("t", {}, {2}), "z"});
  EXPECT_EQ(import_error(other).kind(), ErrorKind::unsupported);
  Builder channels({2});
  channels.add(
      "QuantizeLinear", "q",
      {"x", channels.floats("s", {2}, {1, 2}), channels.integers("z", {2}, {0, 0}, TensorProto::UINT8)});
  EXPECT_EQ(import_error(channels).kind(), ErrorKind::unsupported);
}

/// Below opset 13 a scale a channel has no meaning: the file is refused, not read with one scale.
TEST(OnnxQuantized, Pitfall10PerChannelScalesBelowOpset13AreRefused) {
  for (const std::int64_t opset : {10, 12, 13}) {
    Builder builder({2}, opset);
    builder.add("DequantizeLinear", "w",
                {builder.integers("q", {2, 2}, {1, 2, 3, 4}, TensorProto::INT8),
                 builder.floats("s", {2}, {1, 10}), builder.integers("z", {2}, {0, 0}, TensorProto::INT8)},
                {{"axis", 0}});
    builder.add("Gemm", "y", {"x", "w"}, {{"transB", 1}});
    if (opset == 13)
      EXPECT_EQ(run(builder, {1, 1}), (Floats{3, 70}));
    else
      EXPECT_EQ(import_error(builder).kind(), ErrorKind::unsupported);
  }
}

}  // namespace
}  // namespace tern::onnx
