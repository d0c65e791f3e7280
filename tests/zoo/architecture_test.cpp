#include "zoo/architecture.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::zoo {
namespace {

net::Net build(std::string_view name, const ArchitectureOptions& options = {}) {
  return find_architecture(name).build(options);
}

TEST(ArchitectureTest, TcjaHasThePublishedTotals) {
  const net::Net net = build("tcja");
  const net::NetTotals sum = net::totals(net);
  EXPECT_EQ(sum.weights, 1831296);
  // Kernels of the convolutions and linear layers, then both tcja kernels' share of one step.
  EXPECT_EQ(sum.macs_per_step, 841014272 + 2 * 4 * 128 * (20 + 128));
  EXPECT_EQ(net.num_steps(), 20);
  EXPECT_EQ(net.type("flatten").shape, net::Shape{2048});
  EXPECT_EQ(net.type("vote"), (net::TensorType{false, {11}}));
  EXPECT_EQ(net.node("tcja1").inputs[0], "lif4");
  EXPECT_EQ(net.node("pool4").inputs[0], "tcja1");
}

TEST(ArchitectureTest, NmnistConvByHand) {
  const net::Net net = build("nmnist-conv");
  const net::NetTotals sum = net::totals(net);
  // 2*16*9 + 16*32*9 + 32*32*9 + (32*4*4)*10 weights; images of 34, 17, 8 and 4 pixels a side.
  EXPECT_EQ(sum.weights, 288 + 4608 + 9216 + 5120);
  EXPECT_EQ(sum.macs_per_step, 288 * 34 * 34 + 4608 * 17 * 17 + 9216 * 8 * 8 + 5120);
  EXPECT_EQ(sum.neuron_updates_per_step, 16 * 34 * 34 + 32 * 17 * 17 + 32 * 8 * 8);
  EXPECT_EQ(net.output().op, "mean_time");
  EXPECT_EQ(net.type("logits"), (net::TensorType{false, {10}}));
}

TEST(ArchitectureTest, OptionsReachTheNet) {
  ArchitectureOptions options{
      .num_steps = 4, .num_classes = 3, .input_shape = {1, 16, 16}, .channels = {8, 12}};
  options.width = 0.5;
  options.neuron.tau = 3.0;
  options.neuron.reset = "soft";
  const net::Net net = build("event-conv", options);
  EXPECT_EQ(net.num_steps(), 4);
  EXPECT_EQ(net.type("conv2").shape, (net::Shape{6, 8, 8}));
  EXPECT_EQ(std::get<double>(net.node("lif1").attributes.at("tau")), 3.0);
  EXPECT_EQ(std::get<std::string>(net.node("lif2").attributes.at("reset")), "soft");
  EXPECT_EQ(net.type("logits").shape, net::Shape{3});
  options.neuron.op = "if";
  EXPECT_EQ(build("event-conv", options).node("lif1").op, "if");
}

TEST(ArchitectureTest, EveryRowBuildsASmallNet) {
  for (const Architecture* row : architecture_table()) {
    EXPECT_FALSE(row->info.summary.empty());
    const auto& parameters = row->info.parameters;
    const bool has_graph = std::any_of(parameters.begin(), parameters.end(),
                                       [](const ParameterInfo& parameter) { return parameter.name == "mean_degree"; });
    const net::Shape sample = has_graph ? net::Shape{12} : net::Shape{2, 32, 32};
    const net::Net net = row->build({.num_steps = 2, .num_classes = 2, .input_shape = sample, .width = 0.125});
    EXPECT_EQ(net.type(net.output().name), (net::TensorType{false, {2}})) << row->info.name;
    EXPECT_EQ(net.name(), row->info.name);
  }
}

TEST(ArchitectureTest, RefusesWhatItCannotBuild) {
  EXPECT_THROW(build("event-conv"), Error);
  EXPECT_THROW(build("tcja", {.width = 0.0}), Error);
  EXPECT_THROW(build("tcja", {.channels = {8}}), Error);
  EXPECT_THROW(build("tcja", {.num_steps = -1}), Error);
  try {
    find_architecture("nmist-conv");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("did you mean 'nmnist-conv'?"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace tern::zoo
