// Where a Net's activations are quantized.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "learn/model.hpp"

namespace tern::compress {

/// A place for a `quantize` node: behind `producer`, for all its readers.
struct ActivationSite {
  std::string producer;
  int bits = 8;
  bool is_signed = false;
  float scale = 1.0F;  ///< stored in the node
};

/// The node whose values reach input `source` unchanged, through max_pool2d, flatten and dropout.
const net::Node& producer_of(const net::Net& net, std::string_view source);

/// One site for each producer that reaches a conv2d or linear of `bits_of_kernel` (by node name; 32: none for it); a
/// producer of several has the largest width asked. Left out are spikes (`if`, `lif`: 0 or 1 already) and what is
/// quantized already, so that doing it twice changes nothing. The network's input has 8 bits, or 1..16 as `input_bits`
/// says. Unsigned where the Net shows that nothing negative can come: relu and its like, sums, pools and concatenations
/// of such; the input's sign is the caller's to say. A concat or an add is one producer, so that its inputs share one
/// scale; those who read a quantized producer beside its kernels read the quantized value too.
std::vector<ActivationSite> activation_sites(const net::Net& net, const std::map<std::string, int>& bits_of_kernel,
                                             bool input_is_signed = false, int input_bits = 8);

/// The Model with a node PRODUCER_quant behind each site's producer, its scale stored and zero point 0.
learn::Model insert_activation_nodes(const learn::Model& model, const std::vector<ActivationSite>& sites);

/// Name of the `quantize` node that reads `producer`; empty where there is none.
std::string quantize_node_behind(const net::Net& net, const std::string& producer);

/// conv2d and linear nodes whose input is neither quantized nor spikes, in Net order.
std::vector<std::string> kernels_of_float_input(const net::Net& net);

}  // namespace tern::compress
