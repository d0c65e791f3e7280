// Densely connected networks for small images: three blocks of (depth - 4) / 3 layers, each of which reads everything
// before it and adds `growth` channels.
#include "zoo/cnn/cnn.hpp"

namespace tern::zoo::cnn {
namespace {

/// bn, relu, conv in this order: NAME_bn, NAME_act, NAME.
std::string add_preactivated_conv(net::Net& net, const std::string& name, const std::string& src,
                                  std::int64_t channels, std::int64_t kernel) {
  net.add(name + "_bn", "batch_norm", {src});
  net.add(name + "_act", "relu", {name + "_bn"});
  return net.add(name, "conv2d", {name + "_act"},
                 {{"out_channels", channels}, {"kernel", kernel}, {"padding", kernel / 2}});
}

template <int depth>
net::Net build(const ArchitectureOptions& options) {
  static_assert((depth - 4) % 3 == 0);
  const std::string name = "densenet" + std::to_string(depth);
  const ArchitectureOptions resolved = with_defaults(options, {.num_classes = 10, .input_shape = {3, 32, 32}}, name);
  const std::int64_t growth = scaled(12, resolved.width);
  net::Net net = start(name, resolved);
  std::string last = net.add("conv1", "conv2d", {"input"},
                             {{"out_channels", scaled(16, resolved.width)}, {"kernel", 3}, {"padding", 1}});
  for (int block = 1; block <= 3; ++block) {
    const std::string place = "block" + std::to_string(block);
    for (int layer = 1; layer <= (depth - 4) / 3; ++layer) {
      const std::string conv = place + "_conv" + std::to_string(layer);
      const std::string grown = add_preactivated_conv(net, conv, last, growth, 3);
      last = net.add(conv + "_concat", "concat", {last, grown});
    }
    if (block == 3) break;
    const std::string between = "transition" + std::to_string(block);
    last = add_preactivated_conv(net, between, last, net.type(last).shape[0], 1);
    last = net.add(between + "_pool", "avg_pool2d", {last});
  }
  net.add("last_bn", "batch_norm", {last});
  net.add("last_act", "relu", {"last_bn"});
  add_pooled_classifier(net, "last_act", resolved.num_classes);
  return net;
}

template <int depth>
Architecture row() {
  return {.info = {"densenet" + std::to_string(depth),
                   std::to_string(depth) + " densely connected layers for small images (CIFAR-10); width multiplies "
                                           "the growth rate of 12",
                   "Huang et al. 2017, Densely Connected Convolutional Networks (without bottlenecks)",
                   cnn_parameters("10", "3, 32, 32")},
          .build = build<depth>};
}

}  // namespace

const Architecture densenet22 = row<22>();
/// 1,019,722 parameters at its defaults.
const Architecture densenet40 = row<40>();

}  // namespace tern::zoo::cnn
