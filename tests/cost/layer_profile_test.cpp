#include "cost/layer_profile.hpp"

#include <gtest/gtest.h>

#include "tiny.hpp"
#include "zoo/architecture.hpp"

namespace tern::cost {
namespace {

TEST(LayerProfileTest, DefaultsThenLayers) {
  const Profile profile = parse_profile(R"(
default: {weight_bits: 8, src_bits: 1, src_density: 0.1, src_is_binary: true, encoding: {weights: rle}}
layers:
  conv1: {src_bits: 8, src_is_binary: false, encoding: {inputs: cp}}
)",
                                        tiny_net());
  ASSERT_EQ(profile.size(), 2U);
  EXPECT_EQ(profile.at("conv1").weight_bits, 8);
  EXPECT_EQ(profile.at("conv1").src_bits, 8);
  EXPECT_FALSE(profile.at("conv1").src_is_binary);
  EXPECT_EQ(profile.at("conv1").encoding.weights, Encoding::rle);
  EXPECT_EQ(profile.at("conv1").encoding.inputs, Encoding::cp);
  EXPECT_TRUE(profile.at("fc1").src_is_binary);
  EXPECT_EQ(profile.at("fc1").encoding.inputs, std::nullopt);
  const Profile busy = with_activity(profile, 0.5);
  EXPECT_EQ(busy.at("fc1").src_density, 0.5);
  EXPECT_EQ(busy.at("fc1").weight_bits, 8);
}

TEST(LayerProfileTest, AWeightStartsFromItsNode) {
  const net::Net net = zoo::find_architecture("tcja").build({});
  const Profile profile =
      parse_profile("layers: {tcja1.time_weight: {weight_density: 0.5}, tcja1: {weight_bits: 4}}", net);
  EXPECT_EQ(profile.at("tcja1.time_weight").weight_bits, 4);
  EXPECT_EQ(profile.at("tcja1.time_weight").weight_density, 0.5);
  EXPECT_EQ(profile.at("tcja1").weight_density, 1);
  EXPECT_EQ(profile.at("tcja1.channel_weight").weight_bits, 4);
  EXPECT_EQ(profile.at("tcja2.time_weight").weight_bits, 32);
}

TEST(LayerProfileTest, SaysWhatIsWrong) {
  const auto message = [](std::string_view yaml) {
    return message_of([&] { parse_profile(yaml, tiny_net(), "p.yaml"); });
  };
  EXPECT_EQ(message("layers: {conv2: {}}"),
            "p.yaml: layers: conv2: unknown node 'conv2': did you mean 'conv1'? (known: conv1, fc1)");
  EXPECT_EQ(message("layers: {lif1: {}}").substr(0, 41), "p.yaml: layers: lif1: unknown node 'lif1'");
  EXPECT_EQ(message("default: {src_density: 1.5}"),
            "p.yaml: default: src_density: expected a number in [0, 1], got 1.5");
  EXPECT_EQ(message("default: {weight_bit: 8}").substr(0, 68),
            "p.yaml: default: unknown key 'weight_bit': did you mean 'weight_bits");
  EXPECT_EQ(message("default: {encoding: {weights: lre}}").substr(0, 62),
            "p.yaml: default: encoding: weights: unknown encoding 'lre': di");
  EXPECT_THROW(with_activity({}, -0.1), Error);
}

}  // namespace
}  // namespace tern::cost
