// VGG for small images: 3x3 convolutions with batch_norm, five poolings, one linear layer.
#include "zoo/cnn/cnn.hpp"

namespace tern::zoo::cnn {
namespace {

/// Output channels of each convolution; 0 is a pooling.
using Plan = std::vector<std::int64_t>;

/// A pooling is left out where the image has shrunk to one pixel.
net::Net build_vgg(const std::string& name, const Plan& plan, const ArchitectureOptions& options) {
  const ArchitectureOptions resolved =
      with_defaults(options, {.num_classes = 10, .input_shape = {3, 32, 32}}, name);
  net::Net net = start(name, resolved);
  std::string last = "input";
  int convs = 0, pools = 0;
  for (const std::int64_t channels : plan) {
    const net::Shape& shape = net.type(last).shape;
    if (channels > 0)
      last = add_conv_block(net, "conv" + std::to_string(++convs), last, {.channels = scaled(channels, resolved.width)});
    else if (shape[1] > 1 && shape[2] > 1)
      last = net.add("pool" + std::to_string(++pools), "max_pool2d", {last});
  }
  net.add("flatten", "flatten", {last});
  net.add("fc", "linear", {"flatten"}, {{"out_features", resolved.num_classes}, {"bias", true}});
  return net;
}

net::Net build_vgg11(const ArchitectureOptions& options) {
  return build_vgg("vgg11", {64, 0, 128, 0, 256, 256, 0, 512, 512, 0, 512, 512, 0}, options);
}

net::Net build_vgg16(const ArchitectureOptions& options) {
  return build_vgg("vgg16", {64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512, 0}, options);
}

constexpr const char* source =
    "Simonyan and Zisserman 2015, Very Deep Convolutional Networks; batch_norm and one linear layer as Li et al. 2017, "
    "Pruning Filters for Efficient ConvNets";

}  // namespace

/// 9,228,362 parameters at its defaults.
const Architecture vgg11{
    .info = {"vgg11", "eight 3x3 convolutions with batch_norm for small images (CIFAR-10)", source,
             cnn_parameters("10", "3, 32, 32")},
    .build = build_vgg11,
};

/// 14,724,042 parameters and 313,201,664 MACs at its defaults.
const Architecture vgg16{
    .info = {"vgg16", "thirteen 3x3 convolutions with batch_norm for small images (CIFAR-10)", source,
             cnn_parameters("10", "3, 32, 32")},
    .build = build_vgg16,
};

}  // namespace tern::zoo::cnn
