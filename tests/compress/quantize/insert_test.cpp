#include "compress/quantize/insert.hpp"

#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

std::map<std::string, int> all_kernels(const net::Net& net, int bits) {
  std::map<std::string, int> result;
  for (const auto& node : net.nodes())
    if (node.op == "conv2d" || node.op == "linear") result[node.name] = bits;
  return result;
}

std::vector<std::string> producers(const std::vector<ActivationSite>& sites) {
  std::vector<std::string> names;
  for (const auto& site : sites) names.push_back(site.producer);
  return names;
}

using Names = std::vector<std::string>;

net::Net branching() {
  net::Net net("branching");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 4, 4}}, {"time", false}});
  net.add("a", "conv2d", {"x"}, {{"out_channels", 2}, {"padding", 1}});
  net.add("ra", "relu", {"a"});
  net.add("b", "conv2d", {"ra"}, {{"out_channels", 2}, {"padding", 1}});
  net.add("joined", "concat", {"ra", "b"});
  net.add("pool", "max_pool2d", {"joined"});
  net.add("c", "conv2d", {"pool"}, {{"out_channels", 3}, {"padding", 1}});
  net.add("rc", "relu", {"c"});
  net.add("gap", "global_avg_pool", {"rc"});
  net.add("fc", "linear", {"gap"}, {{"out_features", 5}});
  return net;
}

TEST(Insert, OneSiteForEachProducerWithItsSign) {
  const net::Net net = branching();
  const auto sites = activation_sites(net, all_kernels(net, 4));
  EXPECT_EQ(producers(sites), (Names{"x", "ra", "joined", "gap"}));
  EXPECT_EQ(sites[0].bits, 8);
  EXPECT_FALSE(sites[0].is_signed);
  EXPECT_EQ(sites[1].bits, 4);
  EXPECT_FALSE(sites[1].is_signed);
  EXPECT_TRUE(sites[2].is_signed) << "b has no relu";
  EXPECT_FALSE(sites[3].is_signed) << "the mean of a relu";
  EXPECT_TRUE(activation_sites(net, all_kernels(net, 4), true)[0].is_signed);
}

// The pieces of a concat share the scale of the node behind it, whatever their own.
TEST(Insert, Pitfall13ConcatAndAddAreQuantizedAsOne) {
  learn::Model model(branching(), 1);
  const learn::Model quantized = insert_activation_nodes(model, activation_sites(model.net(), all_kernels(model.net(), 4)));
  EXPECT_EQ(quantized.net().node("pool").inputs[0], "joined_quant");
  EXPECT_EQ(quantized.net().node("joined").inputs[0], "ra_quant") << "every reader sees the quantized value";
  EXPECT_EQ(quantized.net().node("joined").inputs[1], "b");
  EXPECT_TRUE(kernels_of_float_input(quantized.net()).empty());
}

TEST(Insert, Pitfall11FloatInputsAreNamed) {
  learn::Model model(branching(), 1);
  EXPECT_EQ(kernels_of_float_input(model.net()), (Names{"a", "b", "c", "fc"}));
  const learn::Model part = insert_activation_nodes(model, activation_sites(model.net(), {{"b", 4}, {"fc", 32}}));
  EXPECT_EQ(kernels_of_float_input(part.net()), (Names{"a", "c", "fc"}));
}

TEST(Insert, Pitfall12TwiceIsOnce) {
  learn::Model model(branching(), 1);
  const auto kernels = all_kernels(model.net(), 4);
  const learn::Model once = insert_activation_nodes(model, activation_sites(model.net(), kernels));
  EXPECT_TRUE(activation_sites(once.net(), kernels).empty());
}

TEST(Insert, TheWidestOfSeveralReadersCounts) {
  const net::Net net = branching();
  const auto sites = activation_sites(net, {{"a", 3}, {"b", 6}, {"c", 2}});
  EXPECT_EQ(sites[1].bits, 6);
  EXPECT_EQ(sites[2].bits, 2);
}

// Sums read more bits than kernels, whose codes are made of the sum's.
TEST(Insert, ShortcutsHaveTheirOwnWidth) {
  learn::Model model(branching(), 1);
  const auto sites = activation_sites(model.net(), all_kernels(model.net(), 2), false, 8, 6);
  EXPECT_EQ(producers(sites), (Names{"x", "ra", "joined", "gap"}));
  for (const auto& site : sites) EXPECT_EQ(site.shortcut_bits, site.producer == "ra" ? 6 : 0) << site.producer;
  const learn::Model quantized = insert_activation_nodes(model, sites);
  const net::Net& net = quantized.net();
  EXPECT_EQ(net.node("joined").inputs[0], "ra_shortcut_quant");
  EXPECT_EQ(net.node("b").inputs[0], "ra_quant");
  EXPECT_EQ(net.node("ra_quant").inputs[0], "ra_shortcut_quant");
  EXPECT_EQ(net.node("ra_shortcut_quant").inputs[0], "ra");
  EXPECT_EQ(net.context(net.node("ra_quant")).integer("bits"), 2);
  EXPECT_EQ(net.context(net.node("ra_shortcut_quant")).integer("bits"), 6);
  EXPECT_EQ(net.node("c").inputs[0], "pool") << "a pool hands the kernel's codes on";
  EXPECT_EQ(net.node("pool").inputs[0], "joined_quant");
  EXPECT_TRUE(kernels_of_float_input(net).empty());
  EXPECT_TRUE(activation_sites(net, all_kernels(net, 2), false, 8, 6).empty()) << "twice is once";
}

TEST(Insert, ShortcutsOfFloatsAndOfNoMoreBitsThanKernels) {
  learn::Model model(branching(), 1);
  const auto kernels = all_kernels(model.net(), 4);
  const net::Net floats = insert_activation_nodes(model, activation_sites(model.net(), kernels, false, 8, 32)).net();
  EXPECT_EQ(floats.node("joined").inputs[0], "ra");
  EXPECT_EQ(floats.node("b").inputs[0], "ra_quant");
  const net::Net same = insert_activation_nodes(model, activation_sites(model.net(), kernels, false, 8, 4)).net();
  EXPECT_EQ(net::to_json(same), net::to_json(insert_activation_nodes(model, activation_sites(model.net(), kernels)).net()));
}

// Spikes are 0 or 1 already; their averages are not.
TEST(Insert, SpikesNeedNoQuantizer) {
  net::Net net("spiking", 4);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 8, 8}}});
  net.add("a", "conv2d", {"x"}, {{"out_channels", 2}, {"padding", 1}});
  net.add("s", "lif", {"a"});
  net.add("b", "conv2d", {"s"}, {{"out_channels", 2}, {"padding", 1}});
  net.add("t", "lif", {"b"});
  net.add("avg", "avg_pool2d", {"t"});
  net.add("flat", "flatten", {"avg"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 5}});
  const auto sites = activation_sites(net, all_kernels(net, 4));
  EXPECT_EQ(producers(sites), (Names{"x", "avg"}));
  EXPECT_FALSE(sites[1].is_signed);
}

// A fine enough grid changes nothing that matters, and the parameters are the same tensors.
TEST(Insert, KeepsTheFunctionAndTheParameters) {
  learn::Model model(branching(), 1);
  auto sites = activation_sites(model.net(), all_kernels(model.net(), 16), true, 16);
  for (auto& site : sites) site.scale = 1e-3F;
  learn::Model quantized = insert_activation_nodes(model, sites);
  EXPECT_TRUE(quantized.parameter("b", "weight").latent.is_same(model.parameter("b", "weight").latent));
  const at::Tensor x = learn::random({3, 2, 4, 4}, 2);
  EXPECT_LT(learn::distance(learn::forward(quantized, x, 1, {}).detach(), learn::forward(model, x, 1, {}).detach()), 5e-3);
}

}  // namespace
}  // namespace tern::compress
