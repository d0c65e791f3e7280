#include "zoo/snn/snn.hpp"

namespace tern::zoo::snn {

std::string add_neuron(net::Net& net, std::string name, std::string src, const NeuronOptions& neuron) {
  std::map<std::string, net::Attribute> attributes{{"v_threshold", neuron.v_threshold},
                                                   {"v_reset", neuron.v_reset},
                                                   {"reset", neuron.reset},
                                                   {"detach_reset", neuron.detach_reset},
                                                   {"surrogate", neuron.surrogate},
                                                   {"surrogate_alpha", neuron.surrogate_alpha}};
  if (neuron.op == "lif") {
    attributes["form"] = neuron.form;
    attributes["tau"] = neuron.tau;
    attributes["beta"] = neuron.beta;
  }
  return net.add(std::move(name), neuron.op, {std::move(src)}, std::move(attributes));
}

std::string add_conv_block(net::Net& net, int index, std::string src, std::int64_t channels,
                           const ArchitectureOptions& options) {
  const std::string number = std::to_string(index);
  const std::string conv = net.add("conv" + number, "conv2d", {std::move(src)},
                                   {{"out_channels", channels}, {"kernel", 3}, {"padding", 1}});
  const std::string norm = net.add("bn" + number, "batch_norm", {conv});
  return add_neuron(net, "lif" + number, norm, options.neuron);
}

net::Net build_conv_family(std::string name, const ArchitectureOptions& resolved) {
  net::Net net(std::move(name), resolved.num_steps);
  std::string last = net.add("input", "input", {}, {{"shape", resolved.input_shape}});
  int index = 0;
  for (const std::int64_t channels : resolved.channels) {
    ++index;
    last = add_conv_block(net, index, last, scaled(channels, resolved.width), resolved);
    last = net.add("pool" + std::to_string(index), "max_pool2d", {last}, {{"kernel", 2}, {"stride", 2}});
  }
  net.add("flatten", "flatten", {last});
  net.add("fc1", "linear", {"flatten"}, {{"out_features", resolved.num_classes}});
  net.add("logits", "mean_time", {"fc1"});
  return net;
}

std::vector<ParameterInfo> snn_parameters(std::string num_steps, std::string num_classes,
                                          std::string input_shape, std::string channels) {
  return {{"num_steps", "int", std::move(num_steps), "> 0", "steps of one sample"},
          {"num_classes", "int", std::move(num_classes), "> 0", "classes"},
          {"input_shape", "int list", std::move(input_shape), "> 0", "c, h, w of one step"},
          {"channels", "int list", std::move(channels), "> 0", "output channels of each convolution"},
          {"width", "float", "1", "> 0", "multiplies every channel count"},
          {"tau", "float", "2", ">= 1", "membrane time constant in steps"},
          {"reset", "string", "hard", "hard|soft|none", "what a spike does to the membrane"},
          {"surrogate", "string", "atan", "see lif", "derivative that stands in for the step's"}};
}

}  // namespace tern::zoo::snn
