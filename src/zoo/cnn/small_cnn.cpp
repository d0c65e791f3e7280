#include "zoo/cnn/cnn.hpp"

namespace tern::zoo::cnn {
namespace {

net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved =
      with_defaults(options, {.num_classes = 10, .input_shape = {1, 28, 28}, .channels = {16, 32, 64}}, "small-cnn");
  net::Net net = start("small-cnn", resolved);
  std::string last = "input";
  for (std::size_t i = 0; i < resolved.channels.size(); ++i) {
    const std::string number = std::to_string(i + 1);
    if (i > 0) last = net.add("pool" + std::to_string(i), "max_pool2d", {last});
    last = add_conv_block(net, "conv" + number, last, {.channels = scaled(resolved.channels[i], resolved.width)});
  }
  net.add("flatten", "flatten", {last});
  net.add("fc", "linear", {"flatten"}, {{"out_features", resolved.num_classes}, {"bias", true}});
  return net;
}

std::vector<ParameterInfo> parameters() {
  auto rows = cnn_parameters("10", "1, 28, 28");
  rows.push_back({"channels", "int list", "16, 32, 64", "> 0", "output channels of each convolution"});
  return rows;
}

}  // namespace

/// Three convolutions with max_pool2d between them: 54,778 parameters and 1,950,592 MACs at its defaults.
const Architecture small_cnn{
    .info = {"small-cnn", "three 3x3 convolutions with batch_norm and relu for Fashion-MNIST (1x28x28)",
             "Tern's own sizes", parameters()},
    .build = build,
};

}  // namespace tern::zoo::cnn
