// Exported in floats and read again: the same outputs, for every operation that has an ONNX form.
#include "formats/onnx/builder.hpp"

#include <limits>

#include "formats/onnx/export_model.hpp"
#include "formats/onnx/inspect.hpp"
#include "zoo/architecture.hpp"

namespace tern::onnx {
namespace {

using namespace testing;
using Attributes = std::map<std::string, net::Attribute>;

/// Random floats; variances and scales are positive.
pack::PackedModel with_tensors(net::Net net, std::uint64_t seed = 1) {
  pack::PackedModel model{std::move(net), {}, {}};
  for (const auto& node : model.net.nodes())
    for (const auto& parameter : model.net.parameters(node)) {
      pack::PackedTensor tensor{parameter.shape};
      tensor.values = Builder::random_values(net::num_elements(parameter.shape), ++seed);
      if (parameter.name == "running_var" || parameter.name == "scale")
        for (float& value : tensor.values) value = 0.05F + std::abs(value);
      if (parameter.name == "zero_point")
        tensor.values[0] = node.attributes.at("signed") == net::Attribute(true) ? -1 : 3;
      model.tensors[node.name + "." + parameter.name] = tensor;
    }
  return model;
}

pack::PackedModel one(const std::string& op, Ints shape, Attributes attributes = {}, std::size_t inputs = 1) {
  net::Net net("one");
  net.add("x", "input", {}, {{"shape", std::move(shape)}, {"time", false}});
  net.add("y", op, std::vector<std::string>(inputs, "x"), std::move(attributes));
  return with_tensors(std::move(net));
}

void expect_same_back(const pack::PackedModel& model, float tolerance = 1e-6F) {
  const pack::PackedModel back = import_model(export_model(model));
  const std::int64_t size = net::num_elements(model.net.type(model.net.input().name).shape);
  Floats frames = Builder::random_values(2 * size, 9);
  for (float& value : frames) value *= 8;
  expect_near(run(back, frames, 2), run(model, frames, 2), tolerance);
}

TEST(OnnxExport, EveryOperationComesBack) {
  const std::pair<std::string, pack::PackedModel> models[] = {
      {"conv2d", one("conv2d", {4, 7, 6},
                     {{"out_channels", 6},
                      {"kernel", Ints{3, 2}},
                      {"stride", Ints{2, 1}},
                      {"padding", Ints{1, 0}},
                      {"dilation", Ints{1, 2}},
                      {"groups", 2},
                      {"bias", true}})},
      {"linear", one("linear", {5}, {{"out_features", 3}, {"bias", true}})},
      {"batch_norm", one("batch_norm", {3, 2, 2})},
      {"max_pool2d", one("max_pool2d", {2, 5, 6}, {{"kernel", Ints{3, 2}}, {"stride", Ints{1, 2}}})},
      {"avg_pool2d", one("avg_pool2d", {2, 5, 6}, {{"kernel", 2}})},
      {"global_avg_pool", one("global_avg_pool", {3, 4, 5})},
      {"flatten", one("flatten", {3, 2, 2})},
      {"dropout", one("dropout", {7})},
      {"add", one("add", {3, 2, 2}, {}, 3)},
      {"multiply", one("multiply", {3, 2, 2}, {}, 2)},
      {"concat", one("concat", {3, 2, 2}, {}, 3)},
      {"relu", one("relu", {7})},
      {"relu6", one("relu6", {7})},
      {"sigmoid", one("sigmoid", {7})},
      {"hard_sigmoid", one("hard_sigmoid", {7})},
      {"silu", one("silu", {7})},
      {"hard_swish", one("hard_swish", {7})},
      {"leaky_relu", one("leaky_relu", {7}, {{"slope", 0.2}})},
      {"softmax", one("softmax", {7})},
      {"pad2d", one("pad2d", {2, 3, 3}, {{"border", Ints{1, 0, 2, 3}}, {"value", -1.5}})},
      {"slice", one("slice", {5, 2, 2}, {{"begin", 1}, {"end", 4}})},
      {"upsample2d", one("upsample2d", {2, 2, 3}, {{"factor", Ints{2, 3}}})},
      {"quantize", one("quantize", {9})},
  };
  for (const auto& [op, model] : models) {
    SCOPED_TRACE(op);
    expect_same_back(model);
  }
}

TEST(OnnxExport, CodesOfEveryWidth) {
  for (const std::int64_t bits : {2, 4, 7, 8, 10, 16})
    for (const bool is_signed : {false, true}) {
      SCOPED_TRACE(bits);
      const pack::PackedModel model = one("quantize", {9}, {{"bits", bits}, {"signed", is_signed}});
      expect_same_back(model);
      EXPECT_EQ(count_operators(export_model(model)).contains("Clip"), bits != 8 && bits != 16);
    }
}

/// Between quantized activations the runtime would round floats anew.
TEST(OnnxExport, CodesBehindQuantizedActivationsStayCodes) {
  for (const bool has_quantize : {false, true}) {
    net::Net net("codes");
    net.add("x", "input", {}, {{"shape", Ints{3}}, {"time", false}});
    if (has_quantize) net.add("q", "quantize", {"x"});
    net.add("y", "linear", {has_quantize ? "q" : "x"}, {{"out_features", 2}});
    pack::PackedModel model = with_tensors(std::move(net));
    model.tensors["y.weight"] = {.shape = {2, 3}, .bits = 4, .codes = {-8, 7, 1, 2, -3, 4}, .scales = {0.3F}};
    const pack::PackedTensor back = import_model(export_model(model)).tensors.at("y.weight");
    EXPECT_EQ(back.is_float(), !has_quantize);
    EXPECT_EQ(pack::dequantize(back), pack::dequantize(model.tensors["y.weight"]));
    EXPECT_EQ(back.codes == model.tensors["y.weight"].codes, has_quantize);
  }
}

TEST(OnnxExport, GatesOfChannels) {
  net::Net net("gates");
  net.add("x", "input", {}, {{"shape", Ints{3, 2, 2}}, {"time", false}});
  net.add("mean", "global_avg_pool", {"x"});
  net.add("y", "multiply", {"x", "mean"});
  expect_same_back(with_tensors(std::move(net)));
}

/// Convolutions and pools take over the border before them, but for one that could win or that others read.
TEST(OnnxExport, BordersGoIntoTheirReaders) {
  struct Case {
    std::string reader;
    Attributes attributes;
    double value;
    bool with_relu, is_folded;
  };
  const double lowest = std::numeric_limits<float>::lowest();
  const Case cases[] = {
      {"conv2d", {{"out_channels", 2}, {"padding", Ints{1, 0}}}, 0, false, true},
      {"conv2d", {{"out_channels", 2}}, 1, false, false},
      {"max_pool2d", {{"kernel", 3}}, lowest, false, true},
      {"max_pool2d", {{"kernel", 3}}, 0, true, true},
      {"max_pool2d", {{"kernel", 3}}, 0, false, false},
      {"max_pool2d", {{"kernel", 2}}, lowest, false, false},  // a window may lie outside
      {"avg_pool2d", {{"kernel", 3}}, 0, false, true},
  };
  for (const Case& c : cases)
    for (const bool has_quantize : {false, true}) {
      SCOPED_TRACE(c.reader);
      net::Net net("borders");
      net.add("x", "input", {}, {{"shape", Ints{2, 6, 6}}, {"time", false}});
      net.add("r", c.with_relu ? "relu" : "dropout", {"x"});
      net.add("p", "pad2d", {"r"}, {{"border", Ints{0, 1, 2, 1}}, {"value", c.value}});
      if (has_quantize) net.add("q", "quantize", {"p"});
      net.add("y", c.reader, {has_quantize ? "q" : "p"}, c.attributes);
      const pack::PackedModel model = with_tensors(std::move(net));
      EXPECT_EQ(count_operators(export_model(model)).contains("Pad"), !c.is_folded);
      expect_same_back(model);
    }
}

TEST(OnnxExport, VotesAreMeansOfGroups) {
  const std::string bytes = export_model(one("vote", {6}, {{"group", 3}}));
  EXPECT_EQ(count_operators(bytes), (std::map<std::string, int>{{"AveragePool", 1}, {"Reshape", 2}}));
}

TEST(OnnxExport, ArchitecturesComeBack) {
  for (const std::string name : {"resnet20", "mobilenet-v2", "squeezenet", "lenet5"}) {
    SCOPED_TRACE(name);
    expect_same_back(with_tensors(zoo::find_architecture(name).build({.width = 0.5})), 1e-3F);
  }
}

TEST(OnnxExport, TheSameBytesEveryTime) {
  const pack::PackedModel model = one("linear", {5}, {{"out_features", 3}});
  EXPECT_EQ(export_model(model), export_model(model));
}

TEST(OnnxExport, ValuesOverTimeAreRefused) {
  net::Net net("spikes", 3);
  net.add("x", "input", {}, {{"shape", Ints{4}}});
  net.add("y", "lif", {"x"});
  const Error error = error_of([&] { export_model(with_tensors(net)); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported);
}

}  // namespace
}  // namespace tern::onnx
