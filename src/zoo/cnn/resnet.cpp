// Residual networks for small images: three narrow stages (6 * blocks + 2 layers), or four wide ones (18 and 34 layers).
#include "zoo/cnn/cnn.hpp"

namespace tern::zoo::cnn {
namespace {

/// relu(bn(conv(relu(bn(conv(src))))) + shortcut). Where the shape changes the shortcut is a 1x1 convolution with
/// batch_norm (option B), else src itself.
std::string add_basic_block(net::Net& net, const std::string& name, const std::string& src, std::int64_t channels,
                            std::int64_t stride) {
  const std::string inner =
      add_conv_block(net, name + "_conv1", src, {.channels = channels, .stride = stride});
  const std::string residual =
      add_conv_block(net, name + "_conv2", inner, {.channels = channels, .activation = ""});
  std::string shortcut = src;
  if (stride != 1 || net.type(src).shape[0] != channels)
    shortcut = add_conv_block(net, name + "_shortcut", src,
                              {.channels = channels, .kernel = 1, .stride = stride, .activation = ""});
  net.add(name + "_add", "add", {residual, shortcut});
  return net.add(name + "_act", "relu", {name + "_add"});
}

/// Stages of basic blocks, each but the first with half the places of the one before; small images keep all places in
/// the first convolution.
struct Stages {
  std::vector<std::int64_t> channels;
  std::vector<int> blocks;
};

Stages stages_of(int depth) {
  if (depth == 18) return {{64, 128, 256, 512}, {2, 2, 2, 2}};
  if (depth == 34) return {{64, 128, 256, 512}, {3, 4, 6, 3}};
  return {{16, 32, 64}, std::vector<int>(3, (depth - 2) / 6)};
}

template <int depth>
net::Net build(const ArchitectureOptions& options) {
  const Stages stages = stages_of(depth);
  const std::string name = "resnet" + std::to_string(depth);
  const ArchitectureOptions resolved =
      with_defaults(options, {.num_classes = 10, .input_shape = {3, 32, 32}, .channels = stages.channels}, name);
  if (resolved.channels.size() != stages.blocks.size())
    fail(ErrorKind::usage, name, "channels: expected {} stages, got {}", stages.blocks.size(), resolved.channels.size());
  net::Net net = start(name, resolved);
  std::string last = add_conv_block(net, "conv1", "input", {.channels = scaled(resolved.channels[0], resolved.width)});
  for (std::size_t stage = 0; stage < resolved.channels.size(); ++stage)
    for (int block = 0; block < stages.blocks[stage]; ++block) {
      const std::string place = "stage" + std::to_string(stage + 1) + "_block" + std::to_string(block + 1);
      last = add_basic_block(net, place, last, scaled(resolved.channels[stage], resolved.width),
                             stage > 0 && block == 0 ? 2 : 1);
    }
  add_pooled_classifier(net, last, resolved.num_classes);
  return net;
}

template <int depth>
Architecture row() {
  constexpr bool is_wide = depth == 18 || depth == 34;
  auto parameters = cnn_parameters("10", "3, 32, 32");
  parameters.push_back({"channels", "int list", is_wide ? "64, 128, 256, 512" : "16, 32, 64", "> 0", "channels of each stage"});
  return {.info = {"resnet" + std::to_string(depth),
                   std::to_string(depth) + " layers of residual blocks for small images (CIFAR-10), projections "
                                           "where the shape changes",
                   is_wide ? "He et al. 2016, Deep Residual Learning for Image Recognition, table 1, first convolution 3x3 "
                             "without stride or pool for small images"
                           : "He et al. 2016, Deep Residual Learning for Image Recognition, section 4.2, shortcuts of option B",
                   std::move(parameters)},
          .build = build<depth>};
}

}  // namespace

/// 11,173,962 parameters and 555,422,720 MACs at its defaults.
const Architecture resnet18 = row<18>();
/// 272,474 parameters and 40,813,184 MACs at its defaults.
const Architecture resnet20 = row<20>();
const Architecture resnet32 = row<32>();
const Architecture resnet34 = row<34>();
const Architecture resnet44 = row<44>();
const Architecture resnet56 = row<56>();

}  // namespace tern::zoo::cnn
