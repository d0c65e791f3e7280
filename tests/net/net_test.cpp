#include "net/net.hpp"

#include <functional>

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::net {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.what();
  }
  return "no error";
}

struct NetTest : ::testing::Test {
  Net net{"test", 4};
  void SetUp() override { net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 8, 8}}}); }
};

TEST_F(NetTest, SaysWhatDoesNotFit) {
  const auto add = [&](std::string op, std::vector<std::string> inputs, std::map<std::string, Attribute> attributes) {
    return message_of([&] { net.add("y", std::move(op), std::move(inputs), std::move(attributes)); });
  };
  EXPECT_EQ(add("conv", {"x"}, {}).substr(0, 62), "node 'y': unknown operation 'conv': did you mean 'conv2d'? (kn");
  EXPECT_EQ(add("conv2d", {"z"}, {}), "net 'test': unknown node 'z': did you mean 'x'? (known: x)");
  EXPECT_EQ(add("conv2d", {"x"}, {}), "node 'y' (conv2d): attribute 'out_channels' (int) is missing");
  EXPECT_EQ(add("conv2d", {"x"}, {{"out_channels", 0}}), "node 'y' (conv2d): attribute 'out_channels': expected > 0, got 0");
  EXPECT_EQ(add("conv2d", {"x"}, {{"out_channels", "many"}}),
            "node 'y' (conv2d): attribute 'out_channels': expected int, got \"many\"");
  EXPECT_EQ(add("lif", {"x"}, {{"tua", 2.0}}).substr(0, 60),
            "node 'y' (lif): unknown attribute 'tua': did you mean 'tau'?");
  EXPECT_EQ(add("lif", {"x"}, {{"reset", "medium"}}),
            "node 'y' (lif): attribute 'reset': expected hard|soft|none, got \"medium\"");
  EXPECT_EQ(add("conv2d", {"x"}, {{"out_channels", 3}, {"groups", 2}}),
            "node 'y' (conv2d): groups 2 must divide 2 input and 3 output channels");
  EXPECT_EQ(add("linear", {"x"}, {{"out_features", 3}}),
            "node 'y' (linear): expected input [features], got [2, 8, 8]: put a flatten before it");
  EXPECT_EQ(add("add", {"x"}, {}), "node 'y': add takes 2 to 8 inputs, got 1");
  EXPECT_EQ(add("max_pool2d", {"x"}, {{"kernel", 9}}), "node 'y' (max_pool2d): window 9x9 is larger than the input [2, 8, 8]");
  EXPECT_EQ(message_of([&] { net.add("x", "relu", {"x"}); }), "node 'x': the name is taken by an earlier node");
  EXPECT_EQ(net.nodes().size(), 1U) << "a refused node leaves no trace";
}

TEST_F(NetTest, TemporalAttentionNeedsTheNumberOfSteps) {
  Net open("open");
  open.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 8, 8}}});
  EXPECT_EQ(message_of([&] { open.add("a", "tcja", {"x"}); }),
            "node 'a' (tcja): its kernel spans time: the Net must state num_steps");
}

TEST_F(NetTest, HugeExtentsAreRefusedBeforeTheyOverflow) {
  EXPECT_EQ(message_of([&] { net.add("y", "conv2d", {"x"}, {{"out_channels", std::int64_t{1} << 40}}); }),
            "node 'y' (conv2d): attribute 'out_channels': 1099511627776 is beyond 2^20");
  EXPECT_NE(message_of([&] {
              Net huge("huge");
              huge.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{1 << 20, 1 << 20, 1 << 20}}});
            }).find("has more than 2^31 elements"), std::string::npos);
  EXPECT_NE(message_of([] { Net("n", -1); }).find("num_steps"), std::string::npos);
}

TEST_F(NetTest, NamesAndNodesAreBounded) {
  EXPECT_EQ(message_of([&] { net.add(std::string(257, 'a'), "relu", {"x"}); }),
            "net 'test': a node's name has at most 256 bytes, got 257");
  Net chain("chain");
  chain.add("0", "input", {}, {{"shape", std::vector<std::int64_t>{1}}});
  for (int i = 1; i < 1 << 16; ++i) chain.add(std::to_string(i), "relu", {std::to_string(i - 1)});
  EXPECT_EQ(message_of([&] { chain.add("more", "relu", {"0"}); }), "net 'chain': more than 65536 nodes");
}

TEST_F(NetTest, NumbersBeyondFloat32AreRefused) {
  EXPECT_NE(message_of([&] { net.add("y", "lif", {"x"}, {{"tau", 1e39}}); }).find("1e+39 is beyond float32"), std::string::npos);
}

TEST_F(NetTest, KnowsReadersAndTotals) {
  net.add("c", "conv2d", {"x"}, {{"out_channels", 4}, {"padding", 1}, {"bias", true}});
  net.add("n", "lif", {"c"});
  net.add("s", "add", {"c", "n"});
  ASSERT_EQ(net.readers("c").size(), 2U);
  EXPECT_EQ(net.readers("c")[1]->name, "s");
  const NetTotals sum = totals(net);
  EXPECT_EQ(sum.weights, 72);
  EXPECT_EQ(sum.parameters, 76);
  EXPECT_EQ(sum.macs_per_step, 72 * 64);
  EXPECT_EQ(sum.neuron_updates_per_step, 256);
  EXPECT_NE(summary(net).find("total (72 weights)"), std::string::npos) << summary(net);
}

}  // namespace
}  // namespace tern::net
