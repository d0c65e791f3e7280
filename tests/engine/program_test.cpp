#include "engine/program.hpp"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/threads.hpp"
#include "engine/reference.hpp"

namespace tern::engine {
namespace {

/// A spiking network with a residual sum: every activation is a spike, so that all sums are exact.
net::Net spiking_net() {
  net::Net net("spiking", 5);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 10, 10}}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", 18}, {"padding", 1}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("lif1", "lif", {"bn1"}, {{"v_threshold", 0.5}});
  net.add("conv2", "conv2d", {"lif1"}, {{"out_channels", 18}, {"padding", 1}, {"groups", 2}});
  net.add("bn2", "batch_norm", {"conv2"});
  net.add("sum", "add", {"bn2", "lif1"});
  net.add("lif2", "lif", {"sum"}, {{"reset", "soft"}, {"form", "beta"}});
  net.add("pool", "max_pool2d", {"lif2"});
  net.add("drop", "dropout", {"pool"});
  net.add("flat", "flatten", {"drop"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 40}, {"bias", true}});
  net.add("if3", "if", {"fc"}, {{"v_threshold", 0.25}});
  net.add("vote", "vote", {"if3"}, {{"group", 8}});
  net.add("rate", "mean_time", {"vote"});
  return net;
}

struct ProgramTest : ::testing::Test {
  const pack::PackedModel model = random_model(spiking_net(), 3, 17);
  const std::vector<float> frames = random_frames(model.net, 5, 6, true, 4);
  const Program program = Program::from(model).value();
  const std::vector<float> scores = program.run(frames, 5, 6).value();
};

TEST_F(ProgramTest, EqualsTheReferenceBitForBit) {
  const auto expected = reference_run(model, frames, 5, 6);
  EXPECT_EQ(scores, expected.at("rate"));
  EXPECT_EQ(scores.size(), 6U * 5U);
  EXPECT_GT(*std::max_element(scores.begin(), scores.end()), 0.0F) << "a silent network shows nothing";
}

TEST_F(ProgramTest, ObserverSeesEveryNodeInTheOrderOfTheNet) {
  const auto expected = reference_run(model, frames, 5, 6);
  std::vector<std::string> seen;
  Options by_node;
  by_node.fuse = false;
  const auto observed = Program::from(model, by_node)->run(frames, 5, 6, [&](std::string_view node, std::span<const float> values, const net::Shape& extents) {
    seen.emplace_back(node);
    EXPECT_EQ(static_cast<std::size_t>(net::num_elements(extents)), values.size());
    EXPECT_EQ(std::vector<float>(values.begin(), values.end()), expected.at(seen.back())) << node;
    if (node == "conv1") {
      EXPECT_EQ(extents, (net::Shape{5, 6, 18, 10, 10}));
    }
    if (node == "rate") {
      EXPECT_EQ(extents, (net::Shape{6, 5}));
    }
  });
  EXPECT_EQ(observed.value(), scores);
  ASSERT_EQ(seen.size(), model.net.nodes().size());
  EXPECT_EQ(seen.front(), "x");
  EXPECT_EQ(seen.back(), "rate");
}

TEST_F(ProgramTest, ASampleDoesNotSeeItsNeighbours) {
  const std::int64_t size = 2 * 10 * 10;
  for (std::int64_t sample = 0; sample < 6; ++sample) {
    std::vector<float> alone;
    for (std::int64_t t = 0; t < 5; ++t) {
      const auto first = frames.begin() + (t * 6 + sample) * size;
      alone.insert(alone.end(), first, first + size);
    }
    const auto row = scores.begin() + sample * 5;
    EXPECT_EQ(program.run(alone, 5, 1).value(), std::vector<float>(row, row + 5));
  }
}

TEST_F(ProgramTest, ThreadsDoNotChangeABit) {
  const int threads = num_threads();
  for (const int count : {1, 2, 3, 8}) {
    set_num_threads(count);
    EXPECT_EQ(program.run(frames, 5, 6).value(), scores) << count << " threads";
  }
  set_num_threads(threads);
}

TEST_F(ProgramTest, AFileRunsLikeItsModel) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "tern_engine_test.tern";
  pack::PackedModel named = model;
  named.metadata["classes"] = "a,b,c,d,e";
  pack::write_model(path, named);
  const auto loaded = Program::load(path.string());
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->run(frames, 5, 6).value(), scores);
  EXPECT_EQ(loaded->metadata().at("classes"), "a,b,c,d,e");
  EXPECT_EQ(loaded->net().name(), "spiking");
  std::filesystem::remove(path);
}

TEST(Program, ANetWithoutTimeTakesOneStep) {
  net::Net net("still");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{1, 4, 4}}, {"time", false}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 3}});
  net.add("relu", "relu", {"conv"});
  net.add("pool", "avg_pool2d", {"relu"});
  const auto model = random_model(net, 32, 5);
  const auto frames = random_frames(net, 1, 4, true, 6);
  const auto scores = Program::from(model).value().run(frames, 1, 4).value();
  const auto expected = reference_run(model, frames, 1, 4).at("pool");
  ASSERT_EQ(scores.size(), expected.size());
  for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_NEAR(scores[i], expected[i], 1e-6F);
}

TEST(Program, AnOutputWithTimeComesStepByStepInTheOrderOfTheNet) {
  net::Net net("open");  // num_steps left to the caller
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 3, 4}}});
  net.add("y", "relu", {"x"});
  const auto model = random_model(net, 32, 1);
  const Program program = Program::from(model).value();
  for (const std::int64_t steps : {1, 4}) {
    const auto frames = random_frames(net, steps, 3, false, 2);
    EXPECT_EQ(program.run(frames, steps, 3).value(), reference_run(model, frames, steps, 3).at("y"));
  }
}

TEST(Program, SlotsSurviveNodesThatNobodyReadsAndSourcesReadTwice) {
  net::Net net("odd", 2);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{3}}});
  net.add("unread", "relu", {"x"});
  net.add("twice", "multiply", {"x", "x"});
  net.add("late", "add", {"twice", "x", "twice"});
  net.add("last", "relu", {"late"});
  const auto model = random_model(net, 32, 1);
  const auto frames = random_frames(net, 2, 2, false, 3);
  EXPECT_EQ(Program::from(model).value().run(frames, 2, 2).value(), reference_run(model, frames, 2, 2).at("last"));
}

}  // namespace
}  // namespace tern::engine
