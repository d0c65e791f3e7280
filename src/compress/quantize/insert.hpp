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
  /// Of a value that others than kernels read too (the sum behind a shortcut): the bits that those read; 0: they read
  /// what the kernels read; 32: floats.
  int shortcut_bits = 0;
};

/// The node whose values reach input `source` unchanged, through max_pool2d, flatten and dropout.
const net::Node& producer_of(const net::Net& net, std::string_view source);

/// One site for each producer that reaches a conv2d or linear of `bits_of_kernel` (by node name; 32: none for it); a
/// producer of several has the largest width asked. Left out are spikes (`if`, `lif`: 0 or 1 already) and what is
/// quantized already, so that doing it twice changes nothing. The network's input has 8 bits, or 1..16 as `input_bits`
/// says. `shortcut_bits` above a site's own bits hold for those of its readers that no kernel follows; 0: none. Unsigned
/// where the Net shows that nothing negative can come: relu and its like, sums, pools and concatenations of such; the
/// input's sign is the caller's to say. A concat or an add is one producer, so that its inputs share one scale; those who
/// read a quantized producer beside its kernels read the quantized value too, unless shortcut_bits says otherwise.
std::vector<ActivationSite> activation_sites(const net::Net& net, const std::map<std::string, int>& bits_of_kernel,
                                             bool input_is_signed = false, int input_bits = 8, int shortcut_bits = 0);

/// The Model with a node PRODUCER_quant behind each site's producer, its scale stored and zero point 0. A site with
/// shortcut_bits below 32 has PRODUCER_shortcut_quant in between, which readers other than kernels read: the kernels'
/// codes are made of the shortcut's, so that nothing but codes is kept.
learn::Model insert_activation_nodes(const learn::Model& model, const std::vector<ActivationSite>& sites);

/// The Model without its `quantize` nodes: whoever read one reads its input.
learn::Model remove_activation_nodes(const learn::Model& model);

/// Name of the `quantize` node that reads `producer`; empty where there is none.
std::string quantize_node_behind(const net::Net& net, const std::string& producer);

/// conv2d and linear nodes whose input is neither quantized nor spikes, in Net order.
std::vector<std::string> kernels_of_float_input(const net::Net& net);

}  // namespace tern::compress
