#include "zoo/cnn/cnn.hpp"

namespace tern::zoo::cnn {
namespace {

net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved =
      with_defaults(options, {.num_classes = 10, .input_shape = {1, 28, 28}, .channels = {6, 16, 120, 84}}, "lenet5");
  if (resolved.channels.size() != 4)
    fail(ErrorKind::usage, "lenet5", "channels: expected two convolutions and two linear layers, got {} entries",
         resolved.channels.size());
  const auto channels = [&](std::size_t i) { return scaled(resolved.channels[i], resolved.width); };
  // The digits of 28 pixels stand in a frame of 32.
  const std::int64_t padding = resolved.input_shape[1] < 32 || resolved.input_shape[2] < 32 ? 2 : 0;
  net::Net net = start("lenet5", resolved);
  std::string last = "input";
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string number = std::to_string(i + 1);
    net.add("conv" + number, "conv2d", {last},
            {{"out_channels", channels(i)}, {"kernel", 5}, {"padding", i == 0 ? padding : 0}, {"bias", true}});
    net.add("conv" + number + "_act", "relu", {"conv" + number});
    last = net.add("pool" + number, "max_pool2d", {"conv" + number + "_act"});
  }
  last = net.add("flatten", "flatten", {last});
  for (std::size_t i = 2; i < 4; ++i) {
    const std::string name = "fc" + std::to_string(i - 1);
    net.add(name, "linear", {last}, {{"out_features", channels(i)}, {"bias", true}});
    last = net.add(name + "_act", "relu", {name});
  }
  net.add("fc3", "linear", {last}, {{"out_features", resolved.num_classes}, {"bias", true}});
  return net;
}

std::vector<ParameterInfo> parameters() {
  auto rows = cnn_parameters("10", "1, 28, 28");
  rows.push_back({"channels", "int list", "6, 16, 120, 84", "> 0", "two convolutions, two linear layers"});
  return rows;
}

}  // namespace

/// 61,706 parameters and 416,520 MACs at its defaults.
const Architecture lenet5{
    .info = {"lenet5", "two 5x5 convolutions and three linear layers for digits, with relu and max_pool2d",
             "LeCun et al. 1998, Gradient-Based Learning Applied to Document Recognition (complete connections)",
             parameters()},
    .build = build,
};

}  // namespace tern::zoo::cnn
