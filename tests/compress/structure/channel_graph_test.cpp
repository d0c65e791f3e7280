#include "compress/structure/channel_graph.hpp"

#include <chrono>

#include "compress/structure/structure_testing.hpp"

namespace tern::compress {
namespace {

std::size_t place_of(const net::Net& net, std::string_view name) {
  for (std::size_t i = 0; i < net.nodes().size(); ++i)
    if (net.nodes()[i].name == name) return i;
  ADD_FAILURE() << name;
  return 0;
}

const Ints& outputs(const ChannelGraph& graph, std::string_view name) {
  return graph.outputs(place_of(graph.net(), name));
}

std::vector<std::string> producers(const ChannelGraph& graph, const ChannelGroup& group) {
  std::vector<std::string> names;
  for (const auto producer : group.producers) names.push_back(graph.net().nodes()[producer].name);
  return names;
}

using Names = std::vector<std::string>;

TEST(ChannelGraph, AddJoinsPlaceByPlace) {
  const net::Net net = residual_net();
  const ChannelGraph graph(net);
  EXPECT_EQ(outputs(graph, "a"), outputs(graph, "c"));
  EXPECT_EQ(outputs(graph, "act"), outputs(graph, "a"));
  ASSERT_EQ(graph.groups().size(), 3U);
  EXPECT_EQ(producers(graph, graph.groups()[0]), (Names{"a", "c"}));
  EXPECT_EQ(graph.groups()[0].channels, outputs(graph, "a"));
  EXPECT_EQ(producers(graph, graph.groups()[1]), Names{"b"});
  EXPECT_EQ(producers(graph, graph.groups()[2]), Names{"d"});
  EXPECT_FALSE(graph.removable(outputs(graph, "x")[0]));
  EXPECT_FALSE(graph.removable(outputs(graph, "fc")[0]));
  EXPECT_TRUE(graph.rigid_nodes().empty());
}

TEST(ChannelGraph, Pitfall14ConcatOffsetsKeepBranchesApart) {
  const net::Net net = concat_net();
  const ChannelGraph graph(net);
  Ints both = outputs(graph, "a");
  both.insert(both.end(), outputs(graph, "b").begin(), outputs(graph, "b").end());
  EXPECT_EQ(outputs(graph, "both"), both);
  EXPECT_EQ(outputs(graph, "c"), both);  // by the sum: its first 4 channels are a's, the others b's
  ASSERT_EQ(graph.groups().size(), 3U);
  EXPECT_EQ(producers(graph, graph.groups()[0]), (Names{"a", "c"}));
  EXPECT_EQ(graph.groups()[0].channels.size(), 4U);
  EXPECT_EQ(producers(graph, graph.groups()[1]), (Names{"b", "c"}));
  EXPECT_EQ(graph.groups()[1].channels.size(), 6U);
  const Ints& wide = outputs(graph, "wide");
  EXPECT_EQ((Ints{wide.begin() + 10, wide.end()}), outputs(graph, "a"));
}

TEST(ChannelGraph, DepthwiseAndGroupedKernels) {
  const net::Net net = depthwise_net();
  const ChannelGraph graph(net);
  EXPECT_EQ(graph.form(place_of(net, "b")), KernelForm::depthwise);
  EXPECT_EQ(graph.form(place_of(net, "d")), KernelForm::grouped);
  const Ints &a = outputs(graph, "a"), &b = outputs(graph, "b"), &c = outputs(graph, "c"), &d = outputs(graph, "d");
  for (std::size_t i = 0; i < b.size(); ++i) EXPECT_EQ(b[i], a[i / 2]);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(c[i], c[i + 4]);
    EXPECT_EQ(d[i], d[i + 4]);
    EXPECT_NE(c[i], d[i]);
  }
  ASSERT_EQ(graph.groups().size(), 3U);
  EXPECT_EQ(graph.groups()[0].channels.size(), 6U);
  EXPECT_EQ(graph.groups()[1].channels.size(), 4U);
}

TEST(ChannelGraph, FlattenRepeatsAndVotingStays) {
  const net::Net net = flatten_net();
  const ChannelGraph graph(net);
  const Ints &a = outputs(graph, "a"), &flat = outputs(graph, "flat");
  ASSERT_EQ(flat.size(), a.size() * 4);
  for (std::size_t i = 0; i < flat.size(); ++i) EXPECT_EQ(flat[i], a[i / 4]);

  net::Net votes("votes");
  votes.add("x", "input", {}, {{"shape", Ints{5}}, {"time", false}});
  votes.add("fc1", "linear", {"x"}, {{"out_features", std::int64_t{6}}});
  votes.add("vote", "vote", {"fc1"}, {{"group", std::int64_t{3}}});
  votes.add("fc2", "linear", {"vote"}, {{"out_features", std::int64_t{4}}});
  const ChannelGraph voting(votes);
  const Ints& voters = outputs(voting, "fc1");
  EXPECT_EQ(voters[0], voters[2]);
  EXPECT_NE(voters[0], voters[3]);
  EXPECT_EQ(outputs(voting, "vote"), (Ints{voters[0], voters[3]}));
  EXPECT_EQ(voting.groups().size(), 1U);
}

TEST(ChannelGraph, AttentionAndTheInputStay) {
  const net::Net net = spiking_net();
  const ChannelGraph graph(net);
  EXPECT_EQ(graph.rigid_nodes(), std::vector<std::size_t>{place_of(net, "att")});
  EXPECT_FALSE(graph.removable(outputs(graph, "c")[0]));
  ASSERT_EQ(graph.groups().size(), 2U);  // a with b, and fc1
  EXPECT_EQ(producers(graph, graph.groups()[0]), (Names{"a", "b"}));
  net::Net depthwise = image_net("early");
  conv_block(depthwise, "a", "x", 3, {{"groups", std::int64_t{3}}});
  EXPECT_TRUE(ChannelGraph(classified(depthwise, "a_act")).groups().empty());
}

/// Seconds for a graph of `blocks` residual blocks, the best of five.
double seconds(int blocks) {
  net::Net net = image_net("deep");
  std::string last = conv_block(net, "a", "x", 16);
  for (int i = 0; i < blocks; ++i) {
    const std::string name = "block" + std::to_string(i);
    net.add(name, "add", {last, conv_block(net, name + "_conv", last, 16)});
    last = name;
  }
  double best = 1e9;
  for (int run = 0; run < 5; ++run) {
    const auto start = std::chrono::steady_clock::now();
    const ChannelGraph graph(net);
    EXPECT_EQ(graph.groups().size(), 0U);  // the output's channels
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  return best;
}

TEST(ChannelGraph, TimeIsLinearInTheNet) {
  EXPECT_LT(seconds(800) / seconds(100), 24);  // 8 times the blocks; a quadratic pass would take 64 times as long
}

}  // namespace
}  // namespace tern::compress
