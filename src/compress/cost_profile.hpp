// From a trained model and its measured activity to what the cost model asks for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compress/layer_report.hpp"
#include "cost/layer_profile.hpp"
#include "learn/activity.hpp"
#include "learn/model.hpp"
#include "net/net.hpp"

namespace tern::compress {

/// Bits of what a kernel reads: those of the `quantize` node behind it, 1 for zeros and ones, 8 for event counts, image
/// pixels and a spiking network's gated or averaged spikes, 32 for a convolutional network's float activations.
int source_bits(const net::Net& net, const net::Node& node, const std::map<std::string, learn::NodeActivity>& activity);

/// Share of a graph's edges whose factor is not zero; 1 where edges have none.
double kept_edges(const learn::Model& model);

/// Bits and zeros of each kernel from `layers`, densities from `activity`. An input of zeros and ones
/// accumulates; any other multiplies at source_bits(). Propagations take messages of source_bits() over `kept_edges`
/// of the edges.
cost::Profile make_profile(const net::Net& net, const std::vector<LayerReport>& layers,
                           const std::map<std::string, learn::NodeActivity>& activity, double kept_edges = 1);

}  // namespace tern::compress
