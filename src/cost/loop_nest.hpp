// From a node of a Net to the loop nests of its kernels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cost/mapping.hpp"
#include "net/net.hpp"

namespace tern::cost {

/// One kernel as loops over C M R S P Q T at batch 1, and what surrounds it. Sizes are of one channel group;
/// all `groups` run one after another.
struct LoopNest {
  std::string node, op, weight;
  Extents bounds{1, 1, 1, 1, 1, 1, 1};
  std::int64_t groups = 1;
  std::int64_t stride_h = 1, stride_w = 1, dilation_h = 1, dilation_w = 1;
  std::int64_t src_h = 1, src_w = 1;  ///< of the input, without padding
  bool spans_time = false;            ///< needs all steps at once: runs once a sample on every schedule
  bool reads_net_input = false;       ///< its input comes from outside the chip

  /// What happens to the results on their way to the next kernel: neurons fire, pools shrink.
  std::string neuron_op;          ///< "if", "lif" or empty
  std::int64_t neurons = 0;       ///< membranes of all groups, one step
  std::int64_t dst_elements = 0;  ///< handed on, all groups, one step
  bool dst_is_binary = false;

  std::int64_t macs() const;             ///< all groups, all steps
  std::int64_t src_elements() const;     ///< one group, all steps
  std::int64_t dst_psums() const;        ///< one group, all steps
  std::int64_t weight_elements() const;  ///< one group

  /// A linear layer on the features of `rows` nodes at once.
  void repeat(std::int64_t rows);
};

/// The nests of a node with weights, with T = steps; none for a node without.
///   conv2d  C ic/groups, M oc/groups, R kh, S kw, P oh, Q ow
///   linear  C in, M out
///   tcja    time_weight: C T, M T, R k, P channels; channel_weight: C channels, M channels, R k, P T (steps
///   become a
///           dimension of the kernel: T is 1)
/// Errors: ErrorKind::unsupported (place: the node) for another operation with weights.
std::vector<LoopNest> loop_nests(const net::Net& net, const net::Node& node);

/// Whether nothing but nodes without weights lies between the input and the node's first source.
bool comes_from_input(const net::Net& net, const net::Node& node);

/// Neurons that no kernel feeds through a chain of batch_norm, activations, pools, dropout and flatten.
std::vector<const net::Node*> unattached_neurons(const net::Net& net);

}  // namespace tern::cost
