// What the spiking architectures share: the rows that architecture_table.cpp lists and the blocks they
// repeat.
#pragma once

#include <string>

#include "zoo/options.hpp"

namespace tern::zoo::snn {

extern const Architecture nmnist_conv;  // nmnist_conv.cpp
extern const Architecture event_conv;   // event_conv.cpp
extern const Architecture tcja;         // tcja_snn.cpp

/// Appends a neuron node with the options' attributes and returns its name.
std::string add_neuron(net::Net& net, std::string name, std::string src, const NeuronOptions& neuron);

/// Appends convINDEX (3x3, padding 1, no bias), bnINDEX and lifINDEX; returns the neuron's name.
std::string add_conv_block(net::Net& net, int index, std::string src, std::int64_t channels,
                           const ArchitectureOptions& options);

/// {conv3x3, batch_norm, neuron, max_pool2d 2} for each entry of `channels`, then flatten, linear, mean_time.
net::Net build_conv_family(std::string name, const ArchitectureOptions& resolved);

/// Rows of MethodInfo::parameters that every spiking architecture accepts, with its own defaults.
std::vector<ParameterInfo> snn_parameters(std::string num_steps, std::string num_classes,
                                          std::string input_shape, std::string channels);

}  // namespace tern::zoo::snn
