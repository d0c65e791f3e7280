// Every operation against reference.cpp, and each neuron form, bit width and geometry.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/operation.hpp"
#include "engine/program.hpp"
#include "engine/reference.hpp"

namespace tern::engine {
namespace {

using Attributes = std::map<std::string, net::Attribute>;
using Ints = std::vector<std::int64_t>;

/// input of `shape`, then one node.
net::Net one(const std::string& op, Ints shape, Attributes attributes = {}, std::size_t inputs = 1,
             bool time = true) {
  net::Net net("one", time ? 3 : 0);
  net.add("x", "input", {}, {{"shape", std::move(shape)}, {"time", time}});
  net.add("y", op, std::vector<std::string>(inputs, "x"), std::move(attributes));
  return net;
}

/// Runs two samples both ways. tolerance 0: bit for bit.
void expect_reference(const net::Net& net, int bits, bool spikes, float tolerance) {
  const std::int64_t steps = net.type("x").has_time ? 3 : 1;
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto model = random_model(net, bits, seed);
    const auto frames = random_frames(net, steps, 2, spikes, seed + 100);
    const auto program = Program::from(model);
    ASSERT_TRUE(program.ok()) << program.error().message;
    const auto scores = program->run(frames, steps, 2);
    ASSERT_TRUE(scores.ok()) << scores.error().message;
    const auto expected = reference_run(model, frames, steps, 2).at("y");
    ASSERT_EQ(scores->size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
      ASSERT_LE(std::abs((*scores)[i] - expected[i]), tolerance * (1 + std::abs(expected[i])))
          << net.output().op << ", " << bits << " bits, element " << i;
  }
}

// Sums of up to a few hundred products in another order differ by at most that many roundings of the largest partial.
constexpr float sum_tolerance = 3e-5F;

const std::vector<Attributes> convolutions{
    {{"out_channels", 5}},
    {{"out_channels", 16}, {"padding", 1}, {"bias", true}},
    {{"out_channels", 33}, {"kernel", Ints{1, 3}}, {"stride", Ints{2, 1}}, {"padding", Ints{0, 2}}},
    {{"out_channels", 20}, {"kernel", 2}, {"dilation", Ints{2, 3}}, {"padding", 1}},
    {{"out_channels", 4}, {"groups", 4}, {"padding", 1}},
    {{"out_channels", 36}, {"groups", 2}, {"bias", true}},
};

TEST(Operations, Conv2dOnSpikesIsExact) {
  for (const auto& attributes : convolutions)
    for (const int bits : {2, 3, 4, 8}) expect_reference(one("conv2d", {4, 7, 6}, attributes), bits, true, 0);
}

/// So few spikes that they are listed.
TEST(Operations, Conv2dOnRareSpikesIsExact) {
  for (const auto& attributes : convolutions) {
    const net::Net net = one("conv2d", {4, 7, 6}, attributes);
    const auto model = random_model(net, 4, 1);
    std::vector<float> frames(3 * 2 * 4 * 7 * 6, 0.0F);
    for (const std::size_t i : {3, 200, 201, 460, 700, 1007}) frames[i] = 1.0F;
    const auto scores = Program::from(model)->run(frames, 3, 2);
    ASSERT_TRUE(scores.ok());
    EXPECT_EQ(*scores, reference_run(model, frames, 3, 2).at("y"));
  }
}

/// Scores of a net whose output is a `quantize` node of the given bits, scale and zero point.
std::vector<float> quantized(std::int64_t bits, bool is_signed, float scale, float zero_point, std::vector<float> src) {
  net::Net net("q");
  net.add("x", "input", {}, {{"shape", Ints{std::ssize(src)}}, {"time", false}});
  net.add("y", "quantize", {"x"}, {{"bits", bits}, {"signed", is_signed}});
  pack::PackedModel model{net, {}, {}};
  model.tensors["y.scale"] = {{1}, 32, {scale}};
  model.tensors["y.zero_point"] = {{1}, 32, {zero_point}};
  return *Program::from(model)->run(src, 1, 1);
}

TEST(Operations, Pitfall15QuantizeRoundsHalfToEvenAndClamps) {
  EXPECT_EQ(quantized(2, false, 0.5F, 0, {-1, 0.25F, 0.75F, 1.25F, 1.3F, 9, 1e30F}),
            (std::vector<float>{0, 0, 1, 1, 1.5F, 1.5F, 1.5F}));
  EXPECT_EQ(quantized(3, true, 1, 0, {-9, -4.5F, -2.5F, -1.5F, 2.5F, 3.5F}), (std::vector<float>{-4, -4, -2, -2, 2, 3}));
  EXPECT_EQ(quantized(2, false, 1, 1, {-9, -0.6F, 1.5F, 9}), (std::vector<float>{-1, -1, 2, 2})) << "codes 0..3 less 1";
  EXPECT_EQ(quantized(16, false, 1, 0, {65534.5F, 70000}), (std::vector<float>{65534, 65535}));
}

/// Sums of products of 8 bits by 8 bits pass 2^24 at 64 channels and 3x3 taps.
TEST(Operations, Pitfall7AccumulatorsAreWideEnough) {
  net::Net net("wide");
  net.add("x", "input", {}, {{"shape", Ints{64, 3, 3}}, {"time", false}});
  net.add("q", "quantize", {"x"}, {{"bits", 8}});
  net.add("y", "conv2d", {"q"}, {{"out_channels", 2}});
  pack::PackedModel model{net, {}, {}};
  model.tensors["q.scale"] = {{1}, 32, {1.0F}};
  model.tensors["q.zero_point"] = {{1}, 32, {0.0F}};
  pack::PackedTensor weight{{2, 64, 3, 3}, 8};
  weight.codes.assign(576, 127);
  weight.codes.insert(weight.codes.end(), 576, -128);
  weight.scales = {1, 0.5F};
  model.tensors["y.weight"] = weight;
  std::vector<float> frames(576, 255.0F);
  frames[100] = 252;
  const double sum = 255.0 * 575 + 252;
  EXPECT_EQ(*Program::from(model)->run(frames, 1, 1),
            (std::vector<float>{static_cast<float>(127 * sum), static_cast<float>(-128 * sum) * 0.5F}));
}

TEST(Operations, Conv2dOnFloatsAgreesWithinRounding) {
  for (const auto& attributes : convolutions)
    for (const int bits : {4, 32}) expect_reference(one("conv2d", {4, 7, 6}, attributes), bits, false, sum_tolerance);
}

TEST(Operations, Conv2dWithoutTime) {
  expect_reference(one("conv2d", {4, 7, 6}, convolutions[1], 1, false), 3, true, 0);
}

TEST(Operations, Linear) {
  for (const bool bias : {false, true})
    for (const std::int64_t out : {1, 15, 16, 17, 40}) {
      expect_reference(one("linear", {23}, {{"out_features", out}, {"bias", bias}}), 4, true, 0);
      expect_reference(one("linear", {23}, {{"out_features", out}, {"bias", bias}}), 32, false, sum_tolerance);
    }
}

TEST(Operations, BatchNormOfPlacesAndOfFeatures) {
  expect_reference(one("batch_norm", {5, 4, 3}), 32, false, 0);
  expect_reference(one("batch_norm", {7}, {{"eps", 0.5}}), 32, false, 0);
}

TEST(Operations, Pools) {
  for (const char* const op : {"max_pool2d", "avg_pool2d"}) {
    expect_reference(one(op, {3, 6, 7}), 32, false, 0);
    expect_reference(one(op, {3, 6, 7}, {{"kernel", Ints{3, 2}}, {"stride", Ints{1, 2}}}), 32, false, 0);
    expect_reference(one(op, {20, 5, 5}, {{"kernel", 5}}), 32, true, 0);
  }
}

TEST(Operations, NeuronsOfEveryFormAndReset) {
  for (const char* const reset : {"hard", "soft", "none"})
    for (const bool delay : {false, true}) {
      const Attributes shared{{"reset", reset}, {"reset_delay", delay}, {"v_threshold", 0.5}, {"v_reset", 0.125}};
      expect_reference(one("if", {3, 4, 5}, shared), 32, false, 0);
      for (const char* const form : {"decay-input", "no-decay-input", "beta", "beta-scaled"}) {
        Attributes attributes = shared;
        attributes["form"] = form;
        expect_reference(one("lif", {19}, attributes), 32, false, 0);
      }
    }
}

TEST(Operations, Elementwise) {
  expect_reference(one("add", {3, 4, 5}, {}, 3), 32, false, 0);
  expect_reference(one("multiply", {3, 4, 5}, {}, 4), 32, false, 0);
  expect_reference(one("relu", {3, 4, 5}), 32, false, 0);
  expect_reference(one("dropout", {3, 4, 5}), 32, false, 0);
  expect_reference(one("flatten", {3, 4, 5}), 32, false, 0);
  expect_reference(one("flatten", {6, 2}), 32, false, 0);
  expect_reference(one("flatten", {3, 1, 1}), 32, false, 0);
}

TEST(Operations, Activations) {
  for (const char* const op : {"relu6", "hard_sigmoid", "hard_swish", "leaky_relu"}) {
    expect_reference(one(op, {3, 4, 5}), 32, false, 0);
    expect_reference(one(op, {19}), 32, false, 0);
  }
  expect_reference(one("leaky_relu", {19}, {{"slope", 0.25}}), 32, false, 0);
  for (const char* const op : {"sigmoid", "silu", "gelu"}) expect_reference(one(op, {3, 4, 5}), 32, false, 1e-6F);
}

/// x [4, 3, 2] and what the functions make of it, joined by y.
TEST(Operations, GatesMultiplyWholeChannels) {
  for (const bool time : {false, true}) {
    net::Net net("gate", time ? 3 : 0);
    net.add("x", "input", {}, {{"shape", Ints{4, 3, 2}}, {"time", time}});
    net.add("pool", "global_avg_pool", {"x"});
    net.add("corner", "max_pool2d", {"x"}, {{"kernel", Ints{3, 2}}});
    net.add("y", "multiply", {"x", "pool", "x", "corner"});
    EXPECT_EQ(net.type("corner").shape, (net::Shape{4, 1, 1}));
    expect_reference(net, 32, false, 0);
  }
}

TEST(Operations, ConcatOfDifferentChannels) {
  net::Net net("concat");
  net.add("x", "input", {}, {{"shape", Ints{4, 3, 2}}, {"time", false}});
  net.add("a", "conv2d", {"x"}, {{"out_channels", 1}, {"kernel", 1}});
  net.add("b", "relu", {"x"});
  net.add("y", "concat", {"a", "x", "b", "a"});
  EXPECT_EQ(net.type("y").shape, (net::Shape{10, 3, 2}));
  expect_reference(net, 32, false, 1e-6F);
  expect_reference(one("concat", {5}, {}, 16), 32, false, 0);
  expect_reference(one("concat", {3, 2, 4}, {}, 2), 32, false, 0);
}

TEST(Operations, GlobalAveragePool) {
  expect_reference(one("global_avg_pool", {5, 7, 6}), 32, false, 0);
  expect_reference(one("global_avg_pool", {33, 8, 8}, {}, 1, false), 32, false, 0);
  expect_reference(one("global_avg_pool", {1, 3, 1}), 32, false, 0);
}

TEST(Operations, Readouts) {
  expect_reference(one("mean_time", {3, 4, 5}), 32, false, 0);
  expect_reference(one("vote", {20}, {{"group", 4}}), 32, false, 0);
}

TEST(Operations, TemporalChannelAttention) {
  for (const std::int64_t kernel : {1, 2, 3, 4, 7}) {
    expect_reference(one("tcja", {5, 3, 2}, {{"kernel", kernel}}), 32, false, 1e-5F);
    expect_reference(one("tcja", {5, 3, 2}, {{"kernel", kernel}}), 4, true, 1e-5F);
  }
}

TEST(Operations, TheEngineRunsEveryOperationOfANet) {
  std::size_t on_graphs = 0;  // those are GraphProgram's
  for (const auto* spec : net::op_table()) {
    const bool takes_graphs = spec->takes[0] != net::Kind::tensor || spec->takes[1] != net::Kind::tensor;
    if (takes_graphs || spec->info.name == "graph") ++on_graphs;
    else EXPECT_NO_THROW(find_operation(spec->info.name, "y"));
  }
  EXPECT_EQ(operation_table().size() + on_graphs, net::op_table().size());
  try {
    find_operation("fft", "y");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_STREQ(error.what(), "node 'y' (fft): the engine has no kernel for this operation");
  }
}

}  // namespace
}  // namespace tern::engine
