#include "compress/cost_profile.hpp"

#include <gtest/gtest.h>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

TEST(CostProfile, SpikesTakeOneBitAndEverythingElseEight) {
  net::Net net("two", 2);
  net.add("x", "input", {}, {{"shape", 4}});
  net.add("a", "linear", {"x"}, {{"out_features", 4}});
  net.add("n", "lif", {"a"});
  net.add("b", "linear", {"n"}, {{"out_features", 2}});
  std::map<std::string, learn::NodeActivity> activity;
  activity["a"] = {0.5, 0.25, false, 7.0, 0};
  activity["b"] = {0.25, 1.0, true, 1.0, 0};
  const auto profile = make_profile(net, {{"a", "a.weight", 2, 16, 12, -1, 1, 1}, {"b", "b.weight", 32, 8, 0, -1, 1, 1}}, activity);
  EXPECT_EQ(profile.at("a").src_bits, 8);
  EXPECT_FALSE(profile.at("a").src_is_binary);
  EXPECT_DOUBLE_EQ(profile.at("a").weight_density, 0.25);
  EXPECT_EQ(profile.at("a").weight_bits, 2);
  EXPECT_EQ(profile.at("b").src_bits, 1);
  EXPECT_DOUBLE_EQ(profile.at("b").src_density, 0.25);
}

TEST(CostProfile, MessagesAndEdgesOfAPropagation) {
  net::Net net("graph");
  net.add("x", "input", {}, {{"shape", 4}, {"time", false}});
  net.add("g", "graph", {}, {{"edges", 4}});
  net.add("a", "linear", {"x"}, {{"out_features", 3}});
  net.add("codes", "quantize", {"a"}, {{"bits", 4}});
  net.add("p", "propagate", {"codes", "g"});
  net.add("more", "propagate", {"p", "g"});
  learn::Model model(net, 1);
  model.parameter("g", "factor").latent = at::tensor({1.0F, 0.0F, 0.5F, 0.0F});
  EXPECT_EQ(kept_edges(model), 0.5);
  const auto profile = make_profile(net, report_layers(model), {}, kept_edges(model));
  EXPECT_EQ(profile.at("p").src_bits, 4);
  EXPECT_EQ(profile.at("p").weight_density, 0.5);
  EXPECT_EQ(profile.at("more").src_bits, 32);
}

}  // namespace
}  // namespace tern::compress
