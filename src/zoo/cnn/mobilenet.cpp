// MobileNets: depthwise 3x3 and pointwise 1x1 convolutions.
//
// On images of fewer than 64 pixels a side the first two strides of 2 become 1, so that CIFAR's 32 pixels end at 4x4.
#include <algorithm>

#include "zoo/cnn/cnn.hpp"

namespace tern::zoo::cnn {
namespace {

/// Stride by stride: 2 as published, or 1 while a small image still has strides to save.
class Strides {
 public:
  explicit Strides(const net::Shape& image) : to_skip_(std::min(image[1], image[2]) < 64 ? 2 : 0) {}
  std::int64_t next(std::int64_t published) {
    if (published == 1 || to_skip_ == 0) return published;
    --to_skip_;
    return 1;
  }

 private:
  int to_skip_;
};

net::Net build_v1(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved =
      with_defaults(options, {.num_classes = 1000, .input_shape = {3, 224, 224}}, "mobilenet-v1");
  constexpr struct {
    std::int64_t channels, stride;
  } blocks[] = {{64, 1},  {128, 2}, {128, 1}, {256, 2}, {256, 1},  {512, 2}, {512, 1},
                {512, 1}, {512, 1}, {512, 1}, {512, 1}, {1024, 2}, {1024, 1}};
  Strides strides(resolved.input_shape);
  net::Net net = start("mobilenet-v1", resolved);
  std::int64_t channels = scaled(32, resolved.width);
  std::string last = add_conv_block(net, "conv1", "input", {.channels = channels, .stride = strides.next(2)});
  int index = 0;
  for (const auto& block : blocks) {
    const std::string name = "block" + std::to_string(++index);
    last = add_conv_block(net, name + "_depthwise", last,
                          {.channels = channels, .stride = strides.next(block.stride), .groups = channels});
    channels = scaled(block.channels, resolved.width);
    last = add_conv_block(net, name + "_pointwise", last, {.channels = channels, .kernel = 1});
  }
  add_pooled_classifier(net, last, resolved.num_classes);
  return net;
}

/// Channels * width, rounded to a multiple of 8 and never more than a tenth below.
std::int64_t divisible_by_8(double channels) {
  const auto rounded = std::max<std::int64_t>(8, static_cast<std::int64_t>(channels + 4) / 8 * 8);
  return static_cast<double>(rounded) < 0.9 * channels ? rounded + 8 : rounded;
}

/// Pointwise expansion, depthwise 3x3, pointwise projection without activation; src is added where shapes agree.
std::string add_inverted_residual(net::Net& net, const std::string& name, const std::string& src, std::int64_t channels,
                                  std::int64_t stride, std::int64_t expansion) {
  const std::int64_t ic = net.type(src).shape[0], hidden = ic * expansion;
  std::string last = src;
  if (expansion > 1)
    last = add_conv_block(net, name + "_expand", last, {.channels = hidden, .kernel = 1, .activation = "relu6"});
  last = add_conv_block(net, name + "_depthwise", last,
                        {.channels = hidden, .stride = stride, .groups = hidden, .activation = "relu6"});
  last = add_conv_block(net, name + "_project", last, {.channels = channels, .kernel = 1, .activation = ""});
  return stride == 1 && ic == channels ? net.add(name + "_add", "add", {src, last}) : last;
}

net::Net build_v2(const ArchitectureOptions& options) {
  const ArchitectureOptions resolved =
      with_defaults(options, {.num_classes = 1000, .input_shape = {3, 224, 224}}, "mobilenet-v2");
  constexpr struct {
    std::int64_t expansion, channels, repeats, stride;
  } stages[] = {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  Strides strides(resolved.input_shape);
  net::Net net = start("mobilenet-v2", resolved);
  std::string last = add_conv_block(
      net, "conv1", "input",
      {.channels = divisible_by_8(32 * resolved.width), .stride = strides.next(2), .activation = "relu6"});
  int index = 0;
  for (const auto& stage : stages)
    for (std::int64_t repeat = 0; repeat < stage.repeats; ++repeat)
      last = add_inverted_residual(net, "block" + std::to_string(++index), last,
                                   divisible_by_8(static_cast<double>(stage.channels) * resolved.width),
                                   repeat == 0 ? strides.next(stage.stride) : 1, stage.expansion);
  last = add_conv_block(net, "conv2", last,
                        {.channels = divisible_by_8(1280 * std::max(1.0, resolved.width)), .kernel = 1,
                         .activation = "relu6"});
  add_pooled_classifier(net, last, resolved.num_classes);
  return net;
}

}  // namespace

/// 4,231,976 parameters and 568,740,352 MACs at its defaults.
const Architecture mobilenet_v1{
    .info = {"mobilenet-v1", "thirteen depthwise separable convolutions",
             "Howard et al. 2017, MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications",
             cnn_parameters("1000", "3, 224, 224")},
    .build = build_v1,
};

/// 3,504,872 parameters and 300,774,272 MACs at its defaults. The last convolution keeps 1280 channels below width 1;
/// channels are multiples of 8.
const Architecture mobilenet_v2{
    .info = {"mobilenet-v2", "seventeen inverted residual blocks with linear bottlenecks",
             "Sandler et al. 2018, MobileNetV2: Inverted Residuals and Linear Bottlenecks",
             cnn_parameters("1000", "3, 224, 224")},
    .build = build_v2,
};

}  // namespace tern::zoo::cnn
