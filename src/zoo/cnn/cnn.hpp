// What the convolutional architectures share: the rows that architecture_table.cpp lists and the blocks they
// repeat. They have no time axis: ArchitectureOptions::num_steps, neuron and dropout are not read.
#pragma once

#include <string>

#include "zoo/options.hpp"

namespace tern::zoo::cnn {

extern const Architecture small_cnn;                               // small_cnn.cpp
extern const Architecture lenet5;                                  // lenet5.cpp
extern const Architecture resnet18, resnet20, resnet32, resnet34, resnet44, resnet56;  // resnet.cpp
extern const Architecture vgg11, vgg16;                            // vgg.cpp
extern const Architecture mobilenet_v1, mobilenet_v2;              // mobilenet.cpp
extern const Architecture squeezenet;                              // squeezenet.cpp
extern const Architecture densenet22, densenet40;                  // densenet.cpp

/// One convolution, padded to keep the image's size at stride 1, and what follows it.
struct ConvBlock {
  std::int64_t channels = 0;
  std::int64_t kernel = 3;  ///< odd
  std::int64_t stride = 1;
  std::int64_t groups = 1;
  std::string activation = "relu";  ///< an operation; empty: none
};

/// A Net whose input "input" is one image, [c, h, w] without time.
net::Net start(std::string name, const ArchitectureOptions& resolved);

/// Appends NAME (conv2d without bias), NAME_bn and, where there is one, NAME_act; returns the last one's name.
std::string add_conv_block(net::Net& net, const std::string& name, std::string src, const ConvBlock& block);

/// Appends "pool" (global_avg_pool) and "fc" (linear with bias): scores of `num_classes`.
void add_pooled_classifier(net::Net& net, std::string src, std::int64_t num_classes);

/// Rows of MethodInfo::parameters that every convolutional architecture accepts.
std::vector<ParameterInfo> cnn_parameters(std::string num_classes, std::string input_shape);

}  // namespace tern::zoo::cnn
