// A fused plan against the same model run node by node: equal bits, for every kernel and thread count.
#include <random>

#include <gtest/gtest.h>

#include "base/threads.hpp"
#include "engine/layers/layer.hpp"
#include "engine/program.hpp"
#include "engine/reference.hpp"
#include "kernels/isa.hpp"

namespace tern::engine {
namespace {

using net::Net;
using Ints = std::vector<std::int64_t>;

/// Replaces the random buffers of `quantize` nodes: a scale that gives codes of every size, whole zero points.
void set_grids(pack::PackedModel& model) {
  for (const auto& node : model.net.nodes()) {
    if (node.op != "quantize") continue;
    const net::OpContext rules = model.net.context(node);
    const bool is_signed = rules.flag("signed");
    const auto levels = static_cast<float>(std::int64_t{1} << rules.integer("bits"));
    model.tensors.at(node.name + ".scale").values = {4.0F / levels};
    model.tensors.at(node.name + ".zero_point").values = {is_signed ? 0.0F : std::floor(levels / 5)};
  }
}

/// Batch norms with a spread around one, so that values neither vanish nor explode.
pack::PackedModel model_of(Net net, int bits, std::uint64_t seed) {
  pack::PackedModel model = random_model(std::move(net), bits, seed);
  set_grids(model);
  return model;
}

/// Residual blocks as in ResNet, with a projection, pools, and a classifier behind a flatten.
Net residual_net(std::int64_t bits, bool is_signed, std::int64_t width, std::int64_t groups) {
  Net net("residual");
  const auto grid = [&](const std::string& name, const std::string& src) {
    return net.add(name, "quantize", {src}, {{"bits", bits}, {"signed", is_signed}});
  };
  net.add("x", "input", {}, {{"shape", Ints{3, 13, 11}}, {"time", false}});
  grid("q0", "x");
  net.add("conv0", "conv2d", {"q0"}, {{"out_channels", width}, {"padding", std::int64_t{1}}});
  net.add("bn0", "batch_norm", {"conv0"});
  net.add("relu0", "relu", {"bn0"});
  grid("q1", "relu0");
  net.add("conv1", "conv2d", {"q1"}, {{"out_channels", width}, {"padding", std::int64_t{1}}, {"groups", groups}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("sum1", "add", {"bn1", "relu0"});
  net.add("relu1", "relu", {"sum1"});
  grid("q2", "relu1");
  grid("q3", "relu1");  // the same grid once more
  net.add("conv2", "conv2d", {"q2"}, {{"out_channels", 2 * width}, {"kernel", Ints{3, 3}}, {"stride", std::int64_t{2}},
                                      {"padding", Ints{1, 2}}, {"bias", true}});
  net.add("short", "conv2d", {"q3"}, {{"out_channels", 2 * width}, {"kernel", std::int64_t{1}}, {"stride", std::int64_t{2}},
                                      {"padding", Ints{0, 1}}});
  net.add("sum2", "add", {"conv2", "short"});
  net.add("relu2", "relu6", {"sum2"});
  grid("q4", "relu2");
  net.add("sum3", "add", {"q4", "relu2"});
  grid("q5", "sum3");
  net.add("pool", "max_pool2d", {"q5"});
  net.add("conv3", "conv2d", {"pool"}, {{"out_channels", 2 * width}, {"padding", std::int64_t{2}}, {"dilation", std::int64_t{2}}});
  net.add("sum4", "add", {"conv3", "pool"});
  grid("q6", "sum4");
  net.add("flat", "flatten", {"q6"});
  net.add("drop", "dropout", {"flat"});
  net.add("fc", "linear", {"drop"}, {{"out_features", std::int64_t{37}}, {"bias", true}});
  net.add("relu5", "relu", {"fc"});
  grid("q7", "relu5");
  net.add("fc2", "linear", {"q7"}, {{"out_features", std::int64_t{10}}});
  return net;
}

Net spiking_net(std::int64_t channels) {
  Net net("spiking", 4);
  net.add("x", "input", {}, {{"shape", Ints{2, 12, 9}}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", channels}, {"padding", std::int64_t{1}}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("lif1", "lif", {"bn1"}, {{"v_threshold", 0.5}});
  net.add("pool1", "max_pool2d", {"lif1"});
  net.add("conv2", "conv2d", {"pool1"}, {{"out_channels", channels}, {"padding", std::int64_t{1}}});
  net.add("bn2", "batch_norm", {"conv2"});
  net.add("if2", "if", {"bn2"}, {{"v_threshold", 0.25}, {"reset", "soft"}});
  net.add("flat", "flatten", {"if2"});
  net.add("fc", "linear", {"flat"}, {{"out_features", std::int64_t{30}}, {"bias", true}});
  net.add("if3", "if", {"fc"}, {{"v_threshold", 0.25}});
  net.add("vote", "vote", {"if3"}, {{"group", std::int64_t{3}}});
  net.add("rate", "mean_time", {"vote"});
  return net;
}

std::vector<float> run(const pack::PackedModel& model, const std::vector<float>& frames, std::int64_t steps, const Options& options) {
  const auto program = Program::from(model, options);
  EXPECT_TRUE(program.ok()) << program.error().message;
  return program->run(frames, steps, 2).value();
}

/// Scores of every kernel that suits a layer equal those of the net run node by node.
void expect_equal(const pack::PackedModel& model, bool spikes, std::int64_t steps) {
  const auto frames = random_frames(model.net, steps, 2, spikes, 3);
  const auto expected = run(model, frames, steps, {.fuse = false, .measure = false, .kernel = ""});
  for (const auto& kernel : layer_kernels())
    EXPECT_EQ(run(model, frames, steps, {.fuse = true, .measure = false, .kernel = std::string(kernel.name)}), expected)
        << model.net.name() << " with kernel " << kernel.name;
  EXPECT_EQ(run(model, frames, steps, {}), expected) << model.net.name() << " with measured kernels";
}

class EveryIsa : public ::testing::TestWithParam<kernels::Isa> {
 protected:
  void SetUp() override {
    if (!kernels::isa_available(GetParam())) GTEST_SKIP() << "not on this processor";
    before_ = kernels::current_isa();
    kernels::force_isa(GetParam());
  }
  void TearDown() override {
    if (kernels::isa_available(GetParam())) kernels::force_isa(before_);
  }
  kernels::Isa before_{};
};

TEST_P(EveryIsa, ResidualNetsOfEveryWidthEqualTheNodesBitForBit) {
  for (const int bits : {1, 2, 4, 8})
    for (const bool is_signed : {false, true})
      expect_equal(model_of(residual_net(bits == 1 ? 2 : bits, is_signed, 16, 1), bits, 7), false, 1);
  expect_equal(model_of(residual_net(8, false, 19, 1), 8, 8), false, 1);
  expect_equal(model_of(residual_net(8, false, 12, 12), 8, 9), false, 1);
  expect_equal(model_of(residual_net(4, true, 12, 3), 4, 10), false, 1);
}

TEST_P(EveryIsa, SpikingNetsEqualTheNodesBitForBit) {
  for (const int bits : {1, 2, 4, 8})
    for (const std::int64_t channels : {5, 64, 70}) expect_equal(model_of(spiking_net(channels), bits, 11), true, 4);
}

TEST_P(EveryIsa, SpikingNetsTakeInputsThatAreNoSpikes) {
  const auto model = model_of(spiking_net(6), 8, 11);
  std::vector<float> frames = random_frames(model.net, 4, 2, true, 3);
  for (std::size_t i = 0; i < frames.size(); i += 7) frames[i] *= 3;  // counts of events: sums stay exact
  EXPECT_EQ(run(model, frames, 4, {}), run(model, frames, 4, {.fuse = false, .measure = false, .kernel = ""}));
}

INSTANTIATE_TEST_SUITE_P(Engine, EveryIsa,
                         ::testing::ValuesIn(kernels::all_isas),
                         [](const auto& info) { return std::string(name_of(info.param)); });

TEST(FusedPlan, ThreadsWithinALayerDoNotChangeABit) {
  const auto model = model_of(residual_net(8, false, 64, 1), 8, 5);
  const auto frames = random_frames(model.net, 1, 1, false, 3);
  const auto program = Program::from(model).value();
  std::vector<float> expected(10), scores(10);
  ASSERT_TRUE(program.instance(1, 1)->run(frames, expected).ok());
  for (const int threads : {2, 3, 5}) {
    Instance instance = std::move(program.instance(1, threads).value());
    for (int repeat = 0; repeat < 3; ++repeat) {
      ASSERT_TRUE(instance.run(frames, scores).ok());
      EXPECT_EQ(scores, expected) << threads << " threads";
    }
  }
}

TEST(FusedPlan, TakesAlongWhatFollowsAConvolution) {
  const auto program = Program::from(model_of(residual_net(8, false, 16, 1), 8, 5)).value();
  std::vector<std::string> nodes;
  for (const auto& step : program.describe().steps) nodes.push_back(step.nodes);
  EXPECT_EQ(nodes.front(), "x + q0");
  EXPECT_EQ(nodes[1], "conv0 + bn0 + relu0 + q1");
  EXPECT_EQ(nodes[2], "conv1 + bn1 + sum1 + relu1 + q2");
  EXPECT_EQ(nodes[3], "conv2");
  EXPECT_EQ(nodes[4], "short + sum2 + relu2 + q4");
}

TEST(FusedPlan, RefusesAnUnknownKernelAndInputsOfAnotherSize) {
  const auto model = model_of(residual_net(8, false, 8, 1), 8, 5);
  Options options;
  options.kernel = "fastest";
  EXPECT_EQ(Program::from(model, options).error().message, "kernel: unknown kernel 'fastest'");
  Instance instance = std::move(Program::from(model)->instance().value());
  std::vector<float> in(7), out(10);
  EXPECT_EQ(instance.run(in, out).error().message, "net 'residual': expected 429 values in and 10 out, got 7 and 10");
  EXPECT_EQ(instance.input_size(), 429U);
}

}  // namespace
}  // namespace tern::engine
