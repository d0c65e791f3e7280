// Conv.
#include <algorithm>

#include "formats/onnx/kernel_weights.hpp"
#include "formats/onnx/window.hpp"

namespace tern::onnx {
namespace {

/// A 1x1 convolution of one place, [n, c, 1, 1] on a node of [c], is a linear layer.
bool is_row(const Importer& importer, const Activation& src) {
  return importer.shape(src).size() == 1 && src.layout.size() == 3 && src.layout[1].empty() &&
         src.layout[2].empty();
}

/// conv2d pads both sides alike, and takes over zeros that a Pad put before it; what is left over becomes a
/// pad2d.
std::string padded_source(Importer& importer, const NodeView& node, const Activation& src, Border& border) {
  const net::Node& maker = importer.net_node(src);
  std::string source = src.node;
  if (maker.op == "pad2d" && std::get<double>(maker.attributes.at("value")) == 0.0) {
    const auto& before = std::get<Integers>(maker.attributes.at("border"));
    for (std::size_t i = 0; i < 4; ++i) border[i] += before[i];
    source = maker.inputs[0];
  }
  const Border common{std::min(border[0], border[2]), std::min(border[1], border[3])};
  const Border rest{border[0] - common[0], border[1] - common[1], border[2] - common[0],
                    border[3] - common[1]};
  border = {common[0], common[1], common[0], common[1]};
  return importer.padded(node, source, rest, 0.0);
}

}  // namespace

void readers::convolution(Importer& importer, const NodeView& node) {
  const Activation src = importer.activation(node, 0);
  const Constant& weight = importer.constant(node, 1);
  if (weight.shape.size() != 4)
    node.refuse("only two-dimensional convolutions are read, its weights are {}",
                net::to_string(weight.shape));
  const std::int64_t groups = node.integer("group", 1), outputs = weight.shape[0];
  std::vector<float> bias;
  if (node.has_input(2)) bias = values_of(importer.constant(node, 2));
  if (node.has_input(2) && static_cast<std::int64_t>(bias.size()) != outputs)
    node.broken("{} biases for {} outputs", bias.size(), outputs);

  if (is_row(importer, src) && groups == 1 && weight.shape[2] == 1 && weight.shape[3] == 1) {
    Activation rows{src.node, plain_layout(importer.shape(src))};
    return add_linear(importer, node, rows, reshaped(weight, {outputs, weight.shape[1]}), bias, 2);
  }
  const Activation image = importer.image(node, src);
  const net::Shape& shape = importer.shape(image);
  Window window = read_window(node, {shape[1], shape[2]}, std::array{weight.shape[2], weight.shape[3]});
  if (groups < 1 || weight.shape[1] < 1 || shape[0] % groups != 0 || shape[0] / groups != weight.shape[1])
    node.broken("weights {} in {} groups for {} channels", net::to_string(weight.shape), groups, shape[0]);
  const bool has_own = !bias.empty();
  if (!has_own) bias = following_bias(importer, node, outputs, 2);
  const std::string source = padded_source(importer, node, image, window.border);
  const std::string name = importer.add(node, "conv2d", {source},
                                        {{"out_channels", outputs},
                                         {"kernel", Integers{window.kernel[0], window.kernel[1]}},
                                         {"stride", Integers{window.stride[0], window.stride[1]}},
                                         {"padding", Integers{window.border[0], window.border[1]}},
                                         {"dilation", Integers{window.dilation[0], window.dilation[1]}},
                                         {"groups", groups},
                                         {"bias", !bias.empty()}});
  importer.set_tensor(name, "weight", to_packed(weight));
  if (!bias.empty()) importer.set_floats(name, "bias", {outputs}, bias);
  set_kernel_output(importer, node, {name, plain_layout(importer.shape({name, {}}))},
                    !has_own && !bias.empty());
}

}  // namespace tern::onnx
