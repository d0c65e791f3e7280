// The quantized export: what ONNX Runtime asks for, and numbers that stay.
#include "formats/onnx/builder.hpp"

#include <algorithm>
#include <cmath>

#include "formats/onnx/export_model.hpp"
#include "formats/onnx/inspect.hpp"

namespace tern::onnx {
namespace {

using namespace testing;

pack::PackedTensor floats(net::Shape shape, std::uint64_t seed, float low = -1, float high = 1) {
  pack::PackedTensor tensor{shape};
  tensor.values = Builder::random_values(net::num_elements(shape), seed);
  for (float& value : tensor.values) value = low + (value + 1) / 2 * (high - low);
  return tensor;
}

pack::PackedTensor number(float value) {
  pack::PackedTensor tensor{{1}};
  tensor.values = {value};
  return tensor;
}

/// x -> conv1 -> norm -> relu -> (conv2 + skip) -> relu -> pool -> linear, without `quantize` nodes.
pack::PackedModel residual() {
  net::Net net("residual");
  net.add("x", "input", {}, {{"shape", Ints{3, 6, 6}}, {"time", false}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", 4}, {"padding", 1}});
  net.add("norm", "batch_norm", {"conv1"});
  net.add("relu1", "relu", {"norm"});
  net.add("conv2", "conv2d", {"relu1"}, {{"out_channels", 4}, {"padding", 1}, {"bias", true}});
  net.add("sum", "add", {"conv2", "relu1"});
  net.add("relu2", "relu", {"sum"});
  net.add("pool", "max_pool2d", {"relu2"});
  net.add("mean", "global_avg_pool", {"pool"});
  net.add("scores", "linear", {"mean"}, {{"out_features", 5}, {"bias", true}});
  pack::PackedModel model{net, {}, {}};
  model.tensors["conv1.weight"] = floats({4, 3, 3, 3}, 1);
  for (const char* name : {"weight", "bias", "running_mean"})
    model.tensors[std::string("norm.") + name] = floats({4}, 2);
  model.tensors["norm.running_var"] = floats({4}, 3, 0.5F, 2);
  model.tensors["conv2.weight"] = floats({4, 4, 3, 3}, 4);
  model.tensors["conv2.bias"] = floats({4}, 5);
  model.tensors["scores.weight"] = floats({5, 4}, 6);
  model.tensors["scores.bias"] = floats({5}, 7);
  return model;
}

Ranges measured(const pack::PackedModel& model, const Floats& frames, std::int64_t n) {
  engine::Options options;
  options.fuse = false;
  Ranges ranges;
  const auto program = engine::Program::from(model, options);
  const auto scores = program->run(
      frames, 1, n, [&](std::string_view node, std::span<const float> values, const net::Shape&) {
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        ranges[std::string(node)] = {*low, *high};
      });
  EXPECT_TRUE(scores.ok());
  return ranges;
}

schema::ModelProto parsed(const std::string& bytes) {
  schema::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(bytes));
  return model;
}

const schema::TensorProto& initialiser(const schema::ModelProto& model, const std::string& name) {
  for (const auto& tensor : model.graph().initializer())
    if (tensor.name() == name) return tensor;
  throw std::runtime_error("no initialiser " + name);
}

float float_of(const schema::TensorProto& tensor, std::size_t i = 0) {
  float value = 0;
  tensor.raw_data().copy(reinterpret_cast<char*>(&value), sizeof value, i * sizeof value);
  return value;
}

TEST(OnnxQdqExport, NodesToMeasureAreThoseThatIntegersFollow) {
  EXPECT_EQ(nodes_to_measure(residual().net),
            (std::vector<std::string>{"x", "relu1", "conv2", "relu2", "mean"}));
  const Error error = error_of([] {
    export_model(residual(), {.form = ExportForm::qdq, .ranges = {{"x", {0.0F, 1.0F}}}});
  });
  EXPECT_EQ(error.kind(), ErrorKind::usage);
  EXPECT_NE(std::string(error.what()).find("relu1, conv2, relu2, mean"), std::string::npos) << error.what();
}

TEST(OnnxQdqExport, ScoresStayNear) {
  const pack::PackedModel model = residual();
  const Floats frames = Builder::random_values(4 * 108, 8);
  const std::string bytes =
      export_model(model, {.form = ExportForm::qdq, .ranges = measured(model, frames, 4)});
  const Floats before = run(model, frames, 4), after = run(import_model(bytes), frames, 4);
  float largest = 0, distance = 0;
  for (std::size_t i = 0; i < before.size(); ++i)
    largest = std::max(largest, std::abs(before[i])),
    distance = std::max(distance, std::abs(before[i] - after[i]));
  EXPECT_LT(distance, 0.03F * largest);
  EXPECT_GT(distance, 0);
}

/// Between every two kernels: quantize, dequantize; the norm is folded; scores are floats.
TEST(OnnxQdqExport, EveryKernelReadsAndWritesIntegers) {
  const pack::PackedModel model = residual();
  const Floats frames = Builder::random_values(108, 9);
  const std::string bytes =
      export_model(model, {.form = ExportForm::qdq, .ranges = measured(model, frames, 1)});
  const auto counts = count_operators(bytes);
  EXPECT_FALSE(counts.contains("BatchNormalization"));
  EXPECT_EQ(counts.at("QuantizeLinear"), 7);  // x, relu1, conv2, relu2, pool, mean as an image and as a row
  EXPECT_EQ(counts.at("DequantizeLinear"), 7 + 3 * 2);
  const schema::ModelProto file = parsed(bytes);
  std::map<std::string, const schema::NodeProto*> producers;
  for (const auto& node : file.graph().node()) producers[node.output(0)] = &node;
  for (const auto& node : file.graph().node()) {
    if (node.op_type() != "Conv" && node.op_type() != "Gemm") continue;
    for (const auto& input : node.input())
      EXPECT_EQ(producers.at(input)->op_type(), "DequantizeLinear") << node.name();
  }
}

/// The runtime fuses only a bias of int32 with scale = source scale * weight scale, and no zero point.
TEST(OnnxQdqExport, BiasScalesAreProducts) {
  const pack::PackedModel model = residual();
  const schema::ModelProto file = parsed(export_model(
      model, {.form = ExportForm::qdq, .ranges = measured(model, Builder::random_values(108, 9), 1)}));
  const std::pair<const char*, const char*> kernels[] = {
      {"conv1", "x"}, {"conv2", "relu1"}, {"scores", "mean"}};
  for (const auto& [kernel, source] : kernels) {
    const std::string name = kernel;
    const float source_scale = float_of(initialiser(file, std::string(source) + ".scale"));
    const auto &weight = initialiser(file, name + ".weight.scale"),
               &bias = initialiser(file, name + ".bias.scale");
    EXPECT_EQ(initialiser(file, name + ".bias").data_type(), schema::TensorProto::INT32);
    for (std::int64_t o = 0; o < weight.dims(0); ++o)
      EXPECT_EQ(float_of(bias, static_cast<std::size_t>(o)),
                source_scale * float_of(weight, static_cast<std::size_t>(o)));
    for (const auto& node : file.graph().node()) {
      if (node.name() != name + ".bias.values") continue;
      EXPECT_EQ(node.input_size(), 2);
    }
  }
}

/// A model of 4-bit codes between 8-bit quantize nodes: exact back to its integers.
TEST(OnnxQdqExport, CodesAndQuantizeNodesAreTakenAsTheyAre) {
  for (const bool is_signed : {false, true}) {
    net::Net net("codes");
    net.add("x", "input", {}, {{"shape", Ints{3}}, {"time", false}});
    net.add("q", "quantize", {"x"}, {{"signed", is_signed}});
    net.add("y", "linear", {"q"}, {{"out_features", 2}});
    pack::PackedModel model{net, {}, {}};
    model.tensors["q.scale"] = number(0.25F);
    model.tensors["q.zero_point"] = number(is_signed ? -3 : 7);
    model.tensors["y.weight"] = {
        .shape = {2, 3}, .bits = 4, .codes = {-8, 7, 1, 2, -3, 4}, .scales = {0.5F, 0.125F}};
    const std::string bytes = export_model(model, {.form = ExportForm::qdq});
    const pack::PackedModel back = import_model(bytes);
    EXPECT_EQ(operations(back), "quantize linear");
    EXPECT_EQ(back.tensors.at("y.weight").codes, model.tensors.at("y.weight").codes);
    EXPECT_EQ(back.tensors.at("y.weight").scales, model.tensors.at("y.weight").scales);
    const Floats frames{-100, 0.3F, 100, -1, 2, -3};
    EXPECT_EQ(run(back, frames, 2), run(model, frames, 2));
  }
}

/// A dead channel's weights of 1e-9 beside a bias of 1: scale 1e-9 / 127 would need a bias of 10^13 steps.
TEST(OnnxQdqExport, BiasesFitTheirIntegers) {
  net::Net net("dead");
  net.add("x", "input", {}, {{"shape", Ints{2}}, {"time", false}});
  net.add("q", "quantize", {"x"});
  net.add("y", "linear", {"q"}, {{"out_features", 3}, {"bias", true}});
  pack::PackedModel model{net, {}, {}};
  model.tensors["q.scale"] = number(0.01F);
  model.tensors["q.zero_point"] = number(0);
  model.tensors["y.weight"] = floats({3, 2}, 1);
  model.tensors["y.weight"].values = {1e-9F, -1e-9F, 0, 0, 1, -1};
  model.tensors["y.bias"] = floats({3}, 2);
  model.tensors["y.bias"].values = {1, -1, 0.5F};
  const pack::PackedModel back = import_model(export_model(model, {.form = ExportForm::qdq}));
  expect_near(run(back, {1, 0.5F}), {1, -1, 1}, 1e-4F);
}

/// Negative gains turn codes around; -128 has no opposite and is rounded to a new scale.
TEST(OnnxQdqExport, NormsWithNegativeGains) {
  net::Net net("turned");
  net.add("x", "input", {}, {{"shape", Ints{1, 1, 1}}, {"time", false}});
  net.add("q", "quantize", {"x"});
  net.add("c", "conv2d", {"q"}, {{"out_channels", 3}, {"kernel", 1}});
  net.add("n", "batch_norm", {"c"}, {{"eps", 1e-12}});
  net.add("out", "quantize", {"n"}, {{"bits", 8}, {"signed", true}});
  pack::PackedModel model{net, {}, {}};
  for (const char* name : {"q", "out"})
    model.tensors[std::string(name) + ".scale"] = number(1),
                                      model.tensors[std::string(name) + ".zero_point"] = number(0);
  model.tensors["c.weight"] = {.shape = {3, 1, 1, 1}, .bits = 8, .codes = {-128, 100, 5}, .scales = {0.25F}};
  const auto three = [](float a, float b, float c) {
    pack::PackedTensor tensor{{3}};
    tensor.values = {a, b, c};
    return tensor;
  };
  model.tensors["n.weight"] = three(-1, -2, 0);
  model.tensors["n.bias"] = three(0, 1, 7);
  model.tensors["n.running_mean"] = three(0, 0, 3);
  model.tensors["n.running_var"] = three(1, 1, 1);
  const pack::PackedModel back = import_model(export_model(model, {.form = ExportForm::qdq}));
  EXPECT_EQ(run(back, {2}), (Floats{64, -99, 7}));
  EXPECT_EQ(run(model, {2}), (Floats{64, -99, 7}));
}

/// Scales a channel are lost below opset 13, silently where a tool does not look: the export refuses, and at
/// 13 and above each scale is written with its axis.
TEST(OnnxQdqExport, Pitfall10PerChannelScalesNeedOpset13) {
  const pack::PackedModel model = residual();
  ExportOptions options{
      .form = ExportForm::qdq, .ranges = measured(model, Builder::random_values(108, 9), 1), .opset = 12};
  EXPECT_EQ(error_of([&] { export_model(model, options); }).kind(), ErrorKind::unsupported);
  for (const std::int64_t opset : {13, 21}) {
    options.opset = opset;
    const schema::ModelProto file = parsed(export_model(model, options));
    EXPECT_EQ(file.opset_import(0).version(), opset);
    for (const auto& node : file.graph().node()) {
      if (!node.name().ends_with(".weight.values")) continue;
      const auto &codes = initialiser(file, node.input(0)), &scales = initialiser(file, node.input(1));
      ASSERT_EQ(node.attribute_size(), 1);
      EXPECT_EQ(node.attribute(0).name(), "axis");
      EXPECT_EQ(node.attribute(0).i(), 0);
      EXPECT_EQ(scales.dims(0), codes.dims(0));
      EXPECT_NE(float_of(scales, 0), float_of(scales, 1));
    }
  }
}

}  // namespace
}  // namespace tern::onnx
