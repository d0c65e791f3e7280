#include "zoo/cnn/cnn.hpp"

#include <utility>

namespace tern::zoo::cnn {

net::Net start(std::string name, const ArchitectureOptions& resolved) {
  net::Net net(std::move(name));
  net.add("input", "input", {}, {{"shape", resolved.input_shape}, {"time", false}});
  return net;
}

std::string add_conv_block(net::Net& net, const std::string& name, std::string src, const ConvBlock& block) {
  net.add(name, "conv2d", {std::move(src)},
          {{"out_channels", block.channels},
           {"kernel", block.kernel},
           {"stride", block.stride},
           {"padding", block.kernel / 2},
           {"groups", block.groups}});
  std::string last = net.add(name + "_bn", "batch_norm", {name});
  if (!block.activation.empty()) last = net.add(name + "_act", block.activation, {last});
  return last;
}

void add_pooled_classifier(net::Net& net, std::string src, std::int64_t num_classes) {
  net.add("pool", "global_avg_pool", {std::move(src)});
  net.add("fc", "linear", {"pool"}, {{"out_features", num_classes}, {"bias", true}});
}

std::vector<ParameterInfo> cnn_parameters(std::string num_classes, std::string input_shape) {
  return {{"num_classes", "int", std::move(num_classes), "> 0", "classes"},
          {"input_shape", "int list", std::move(input_shape), "> 0", "c, h, w of an image"},
          {"width", "float", "1", "> 0", "multiplies every channel count"}};
}

}  // namespace tern::zoo::cnn
