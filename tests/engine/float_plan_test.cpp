// Layers of floats, fused, against the specification run node by node: equal but for rounding, on any number of threads.
#include <cmath>

#include <gtest/gtest.h>

#include "engine/program.hpp"
#include "engine/reference.hpp"
#include "kernels/isa.hpp"

namespace tern::engine {
namespace {

using net::Net;
using Ints = std::vector<std::int64_t>;

/// Residual blocks, a depthwise layer, groups, a pool between, and layers behind a flatten.
Net float_net(std::int64_t width) {
  Net net("floats");
  const std::int64_t two = 2, three = 3, zero = 0, one = 1;
  net.add("x", "input", {}, {{"shape", Ints{3, 13, 11}}, {"time", false}});
  net.add("conv0", "conv2d", {"x"}, {{"out_channels", width}, {"padding", one}});
  net.add("bn0", "batch_norm", {"conv0"});
  net.add("relu0", "relu", {"bn0"});
  net.add("conv1", "conv2d", {"relu0"}, {{"out_channels", width}, {"padding", one}, {"bias", true}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("sum1", "add", {"bn1", "relu0"});
  net.add("relu1", "relu", {"sum1"});
  net.add("deep", "conv2d", {"relu1"}, {{"out_channels", width}, {"padding", one}, {"groups", width}, {"stride", two}});
  net.add("relu2", "relu6", {"deep"});
  net.add("wide", "conv2d", {"relu2"}, {{"out_channels", 2 * width}, {"padding", two}, {"dilation", two}});
  net.add("short", "conv2d", {"relu1"}, {{"out_channels", 2 * width}, {"kernel", one}, {"stride", two}, {"padding", zero}});
  net.add("sum2", "add", {"wide", "short"});
  net.add("pool", "max_pool2d", {"sum2"});
  net.add("conv3", "conv2d", {"pool"}, {{"out_channels", 2 * width}, {"kernel", three}, {"padding", one}});
  net.add("sum3", "add", {"pool", "conv3"});
  net.add("conv4", "conv2d", {"sum3"}, {{"out_channels", 2 * width}, {"padding", one}, {"groups", two}});
  net.add("flat", "flatten", {"conv4"});
  net.add("fc", "linear", {"flat"}, {{"out_features", std::int64_t{37}}, {"bias", true}});
  net.add("relu5", "relu", {"fc"});
  net.add("fc2", "linear", {"relu5"}, {{"out_features", std::int64_t{10}}});
  return net;
}

void expect_near(const std::vector<float>& scores, const std::vector<float>& expected) {
  ASSERT_EQ(scores.size(), expected.size());
  for (std::size_t i = 0; i < scores.size(); ++i)
    ASSERT_LE(std::abs(scores[i] - expected[i]), 1e-4F * (1 + std::abs(expected[i]))) << i;
}

TEST(FloatPlan, EqualsTheReferenceOnEveryInstructionSet) {
  const kernels::Isa before = kernels::current_isa();
  for (const std::int64_t width : {8, 20, 32}) {
    const auto model = random_model(float_net(width), 32, 4);
    const auto frames = random_frames(model.net, 1, 2, false, 5);
    const auto expected = reference_run(model, frames, 1, 2).at("fc2");
    for (const auto isa : {kernels::Isa::scalar, kernels::Isa::avx2, kernels::Isa::avx512, kernels::Isa::vnni}) {
      if (!kernels::isa_available(isa)) continue;
      SCOPED_TRACE(name_of(isa));
      kernels::force_isa(isa);
      expect_near(Program::from(model)->run(frames, 1, 2).value(), expected);
    }
    kernels::force_isa(before);
  }
}

TEST(FloatPlan, ThreadsAndRepetitionsDoNotChangeABit) {
  const auto model = random_model(float_net(64), 32, 4);
  const auto frames = random_frames(model.net, 1, 1, false, 5);
  const auto program = Program::from(model).value();
  std::vector<float> expected(10), scores(10);
  ASSERT_TRUE(program.instance(1, 1)->run(frames, expected).ok());
  for (const int threads : {1, 2, 5}) {
    Instance instance = std::move(program.instance(1, threads).value());
    for (int repeat = 0; repeat < 3; ++repeat) {
      ASSERT_TRUE(instance.run(frames, scores).ok());
      EXPECT_EQ(scores, expected) << threads << " threads";
    }
  }
}

TEST(FloatPlan, TakesAlongWhatFollows) {
  const auto program = Program::from(random_model(float_net(16), 32, 4)).value();
  std::vector<std::string> steps;
  for (const auto& step : program.describe().steps) steps.push_back(step.nodes + ": " + step.kernel);
  EXPECT_EQ(steps[1], "conv0 + bn0 + relu0: float");
  EXPECT_EQ(steps[2], "conv1 + bn1 + sum1 + relu1: float");
  EXPECT_EQ(steps[3], "deep + relu2: float depthwise");
  EXPECT_EQ(steps[4], "wide: float");
  EXPECT_EQ(steps[5], "short + sum2: float");
  EXPECT_EQ(steps[6], "pool: floats");
  EXPECT_EQ(steps[7], "conv3 + sum3: float");
  EXPECT_EQ(steps[8], "conv4: floats") << "two groups";
}

}  // namespace
}  // namespace tern::engine
