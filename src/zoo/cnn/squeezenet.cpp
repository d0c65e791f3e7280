#include "zoo/cnn/cnn.hpp"

namespace tern::zoo::cnn {
namespace {

/// A 1x1 squeeze to `squeeze` channels, then 1x1 and 3x3 expansions to `expand` channels each, side by side.
std::string add_fire(net::Net& net, const std::string& name, const std::string& src, std::int64_t squeeze,
                     std::int64_t expand) {
  const std::string squeezed = add_conv_block(net, name + "_squeeze", src, {.channels = squeeze, .kernel = 1});
  const std::string one = add_conv_block(net, name + "_expand1", squeezed, {.channels = expand, .kernel = 1});
  const std::string three = add_conv_block(net, name + "_expand3", squeezed, {.channels = expand, .kernel = 3});
  return net.add(name + "_concat", "concat", {one, three});
}

net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved =
      with_defaults(options, {.num_classes = 10, .input_shape = {3, 32, 32}}, "squeezenet");
  const auto channels = [&](std::int64_t count) { return scaled(count, resolved.width); };
  // Squeeze and expand channels of fire2 to fire9; a pooling stands before fire4, fire6 and, on large images, fire2.
  constexpr std::int64_t fires[][2] = {{16, 64},  {16, 64},  {32, 128}, {32, 128},
                                       {48, 192}, {48, 192}, {64, 256}, {64, 256}};
  const bool is_small = resolved.input_shape[1] < 64 || resolved.input_shape[2] < 64;
  net::Net net = start("squeezenet", resolved);
  std::string last =
      add_conv_block(net, "conv1", "input", {.channels = channels(64), .stride = is_small ? 1 : 2});
  int index = 1;
  for (const auto& [squeeze, expand] : fires) {
    ++index;
    if (index == 4 || index == 6 || (index == 2 && !is_small))
      last = net.add("pool" + std::to_string(index - 1), "max_pool2d", {last});
    last = add_fire(net, "fire" + std::to_string(index), last, channels(squeeze), channels(expand));
  }
  net.add("conv10", "conv2d", {last}, {{"out_channels", resolved.num_classes}, {"kernel", 1}, {"bias", true}});
  net.add("pool10", "global_avg_pool", {"conv10"});
  return net;
}

}  // namespace

/// With 1000 classes 1,238,440 parameters: the published 1,235,496 of version 1.1, whose 2,944 biases before conv10
/// became twice as many gains and shifts.
const Architecture squeezenet{
    .info = {"squeezenet", "eight fire modules (squeeze, two expansions, concat) with batch_norm, for small images",
             "Iandola et al. 2016, SqueezeNet, channels of its version 1.1; batch_norm in place of biases",
             cnn_parameters("10", "3, 32, 32")},
    .build = build,
};

}  // namespace tern::zoo::cnn
