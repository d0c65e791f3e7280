// Convolutional architectures against published or hand-worked counts.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "zoo/architecture.hpp"

namespace tern::zoo {
namespace {

net::Net build(std::string_view name, const ArchitectureOptions& options = {}) {
  return find_architecture(name).build(options);
}

net::NetTotals totals(std::string_view name, const ArchitectureOptions& options = {}) {
  return net::totals(build(name, options));
}

TEST(Resnet, CountsAreThePublishedOnesPlusTheProjections) {
  // He et al. give 0.27 M, 0.46 M, 0.66 M and 0.85 M with option A; Idelbayev's implementation of it has 269,722,
  // 464,154, 658,586 and 853,018. Option B adds 16*32 + 32*64 weights and 2*32 + 2*64 gains and shifts.
  constexpr std::int64_t projections = 512 + 2048 + 64 + 128;
  EXPECT_EQ(totals("resnet20").parameters, 269722 + projections);
  EXPECT_EQ(totals("resnet32").parameters, 464154 + projections);
  EXPECT_EQ(totals("resnet44").parameters, 658586 + projections);
  EXPECT_EQ(totals("resnet56").parameters, 853018 + projections);
}

TEST(Resnet, TheWideOnesHaveTheWidelyQuotedCounts) {
  // 11,173,962 and 21,282,122 parameters for CIFAR-10 in the common implementations; MACs by hand.
  EXPECT_EQ(totals("resnet18").parameters, 11173962);
  EXPECT_EQ(totals("resnet34").parameters, 21282122);
  const std::int64_t block = 9 * 64 * 64 * 1024, narrow = 9 * 64 * 128 * 256 + 64 * 128 * 256;
  EXPECT_EQ(totals("resnet18").macs_per_step, 27 * 64 * 1024 + 4 * block + 3 * (narrow + 3 * block) + 5120);
  EXPECT_THROW(build("resnet18", {.channels = {8, 16}}), Error);
}

TEST(Resnet, MacsByHand) {
  // 40.55 M published for option A; each projection costs 131,072.
  const std::int64_t stem = 432 * 1024, first = 6 * 2304 * 1024, second = 4608 * 256 + 5 * 9216 * 256,
                     third = 18432 * 64 + 5 * 36864 * 64;
  EXPECT_EQ(totals("resnet20").macs_per_step, stem + first + second + third + 640 + 2 * 131072);
}

TEST(Resnet, ShortcutsAreProjectedOnlyWhereTheShapeChanges) {
  const net::Net net = build("resnet20");
  EXPECT_FALSE(net.contains("stage1_block1_shortcut"));
  EXPECT_TRUE(net.contains("stage2_block1_shortcut"));
  EXPECT_FALSE(net.contains("stage2_block2_shortcut"));
  EXPECT_EQ(net.node("stage2_block2_add").inputs,
            (std::vector<std::string>{"stage2_block2_conv2_bn", "stage2_block1_act"}));
  EXPECT_EQ(net.type("stage3_block3_act").shape, (net::Shape{64, 8, 8}));
  EXPECT_EQ(net.type("fc"), (net::TensorType{false, {10}}));
}

TEST(SmallCnn, CountsByHand) {
  const net::NetTotals sum = totals("small-cnn");
  EXPECT_EQ(sum.weights, 144 + 4608 + 18432 + 64 * 49 * 10);
  EXPECT_EQ(sum.parameters, sum.weights + 2 * (16 + 32 + 64) + 10);
  EXPECT_EQ(sum.macs_per_step, 144 * 784 + 4608 * 196 + 18432 * 49 + 31360);
  EXPECT_LE(sum.macs_per_step, 2500000);
}

TEST(Lenet5, HasThePublishedParameters) {
  EXPECT_EQ(totals("lenet5").parameters, 61706);
  EXPECT_EQ(totals("lenet5", {.input_shape = {1, 32, 32}}).parameters, 61706);
}

TEST(Vgg, CountsByHand) {
  // Convolutions of 9 * (3*64 + 64*128 + 128*256 + 256*256 + 256*512 + 3 * 512*512) weights, 2,752 channels.
  EXPECT_EQ(totals("vgg11").parameters, 9217728 + 2 * 2752 + 5130);
  // Li et al. 2017: 1.5e7 parameters and 3.13e8 FLOP. 14,710,464 weights in convolutions of 4,224 channels.
  EXPECT_EQ(totals("vgg16").parameters, 14710464 + 2 * 4224 + 5130);
  EXPECT_EQ(totals("vgg16").macs_per_step, 313201664);
  EXPECT_EQ(build("vgg16").type("flatten").shape, net::Shape{512});
}

TEST(MobilenetV1, HasThePublishedTotals) {
  EXPECT_EQ(totals("mobilenet-v1").parameters, 4231976);       // 4.2 M
  EXPECT_EQ(totals("mobilenet-v1").macs_per_step, 568740352);  // 569 M
  EXPECT_NEAR(totals("mobilenet-v1", {.width = 0.5}).macs_per_step, 149e6, 1e6);
  EXPECT_NEAR(totals("mobilenet-v1", {.width = 0.25}).parameters, 0.47e6, 0.01e6);
}

TEST(MobilenetV2, HasThePublishedTotals) {
  EXPECT_EQ(totals("mobilenet-v2").parameters, 3504872);                               // 3.4 M; as torchvision's
  EXPECT_EQ(totals("mobilenet-v2").macs_per_step, 300774272);                          // 300 M
  EXPECT_NEAR(totals("mobilenet-v2", {.width = 1.4}).parameters, 6.1e6, 0.1e6);        // 6.06 M
  EXPECT_NEAR(totals("mobilenet-v2", {.width = 1.4}).macs_per_step, 582e6, 3e6);
  EXPECT_NEAR(totals("mobilenet-v2", {.width = 0.75}).macs_per_step, 209e6, 1e6);
}

TEST(Mobilenets, KeepTwoStridesOnSmallImages) {
  const ArchitectureOptions cifar{.num_classes = 10, .input_shape = {3, 32, 32}};
  EXPECT_EQ(build("mobilenet-v1", cifar).type("block13_pointwise").shape, (net::Shape{1024, 4, 4}));
  EXPECT_EQ(build("mobilenet-v2", cifar).type("conv2").shape, (net::Shape{1280, 4, 4}));
  EXPECT_EQ(build("mobilenet-v2").type("conv2").shape, (net::Shape{1280, 7, 7}));
}

TEST(Squeezenet, HasThePublishedParametersWithNormsInPlaceOfBiases) {
  // 64 channels of conv1 and squeeze + 2 * expand of each fire module.
  const std::int64_t channels = 64 + 2 * (16 + 128) + 2 * (32 + 256) + 2 * (48 + 384) + 2 * (64 + 512);
  EXPECT_EQ(totals("squeezenet", {.num_classes = 1000}).parameters, 1235496 + channels);
  const net::Net net = build("squeezenet");
  EXPECT_EQ(net.type("fire9_concat").shape, (net::Shape{512, 8, 8}));
  EXPECT_EQ(net.type("pool10"), (net::TensorType{false, {10}}));
}

TEST(Densenet, HasThePublishedParameters) {
  EXPECT_EQ(totals("densenet40").parameters, 1019722);  // Huang et al.: 1.0 M at depth 40, growth rate 12
  EXPECT_EQ(build("densenet40").type("last_act").shape, (net::Shape{16 + 36 * 12, 8, 8}));
  EXPECT_EQ(build("densenet22", {.width = 0.5}).type("last_act").shape, (net::Shape{8 + 18 * 6, 8, 8}));
}

TEST(Cnn, OptionsReachTheNet) {
  const net::Net net = build("resnet20", {.num_steps = 7, .num_classes = 3, .input_shape = {1, 28, 28}, .width = 0.5});
  EXPECT_EQ(net.num_steps(), 0);
  EXPECT_FALSE(net.type("input").has_time);
  EXPECT_EQ(net.type("conv1").shape, (net::Shape{8, 28, 28}));
  EXPECT_EQ(net.type("stage3_block1_add").shape, (net::Shape{32, 7, 7}));
  EXPECT_EQ(net.type("fc").shape, net::Shape{3});
  EXPECT_EQ(build("vgg16", {.input_shape = {1, 28, 28}}).type("flatten").shape, net::Shape{512});
  EXPECT_THROW(build("lenet5", {.channels = {6, 16}}), Error);
  EXPECT_THROW(build("resnet20", {.width = -1.0}), Error);
}

}  // namespace
}  // namespace tern::zoo
