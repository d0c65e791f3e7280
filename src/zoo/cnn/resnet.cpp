// Residual networks for small images: 6 * blocks + 2 layers in three stages of 16, 32 and 64 channels.
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

template <int depth>
net::Net build(const ArchitectureOptions& options) {
  static_assert((depth - 2) % 6 == 0);
  const std::string name = "resnet" + std::to_string(depth);
  const ArchitectureOptions resolved =
      with_defaults(options, {.num_classes = 10, .input_shape = {3, 32, 32}, .channels = {16, 32, 64}}, name);
  net::Net net = start(name, resolved);
  std::string last = add_conv_block(net, "conv1", "input", {.channels = scaled(resolved.channels[0], resolved.width)});
  for (std::size_t stage = 0; stage < resolved.channels.size(); ++stage)
    for (int block = 0; block < (depth - 2) / 6; ++block) {
      const std::string place = "stage" + std::to_string(stage + 1) + "_block" + std::to_string(block + 1);
      last = add_basic_block(net, place, last, scaled(resolved.channels[stage], resolved.width),
                             stage > 0 && block == 0 ? 2 : 1);
    }
  add_pooled_classifier(net, last, resolved.num_classes);
  return net;
}

template <int depth>
Architecture row() {
  auto parameters = cnn_parameters("10", "3, 32, 32");
  parameters.push_back({"channels", "int list", "16, 32, 64", "> 0", "channels of each stage"});
  return {.info = {"resnet" + std::to_string(depth),
                   std::to_string(depth) + " layers of residual blocks for small images (CIFAR-10), projections "
                                           "where the shape changes",
                   "He et al. 2016, Deep Residual Learning for Image Recognition, section 4.2, shortcuts of option B",
                   std::move(parameters)},
          .build = build<depth>};
}

}  // namespace

/// 272,474 parameters and 40,813,184 MACs at its defaults.
const Architecture resnet20 = row<20>();
const Architecture resnet32 = row<32>();
const Architecture resnet44 = row<44>();
const Architecture resnet56 = row<56>();

}  // namespace tern::zoo::cnn
