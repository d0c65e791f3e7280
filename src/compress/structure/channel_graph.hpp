// Which channels of a Net can only be removed together.
//
// This folder removes whole channels: a graph of what is coupled to what (this file), scores (channel_criterion), a
// choice within a budget (channel_budget), and the rewriting (remove_channels); prune_channels joins them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "net/net.hpp"

namespace tern::compress {

/// How a kernel treats channels.
enum class KernelForm {
  none,       ///< the node is no kernel
  plain,      ///< conv2d with one group, linear: any subset of inputs and of outputs may go
  grouped,    ///< conv2d with several groups of several inputs: the same places go in every group
  depthwise,  ///< one input a group: an input goes together with the outputs it feeds
};
KernelForm kernel_form(const net::OpContext& context);

/// Coupled channels with the same producers: a layer's width that one number describes. After `add(concat(a, b), c)`
/// there are two groups, {a, c} and {b, c}.
struct ChannelGroup {
  std::vector<std::size_t> producers;  ///< kernels that write these channels, as places in net().nodes()
  std::vector<std::int64_t> channels;  ///< coupled channels, in the order of the first producer's outputs
};

/// Coupled channels of a Net: sets of channels (of whatever tensors) that must be kept or removed as one. Every channel
/// of every node's output belongs to exactly one; add and multiply join those of their inputs place by place, concat
/// lines its inputs' up, flatten repeats each h * w times, element-wise operations, norms, pools and neurons pass them
/// on, and so do propagation, readout and pooling of graphs, which mix rows; kernels make new ones (depthwise kernels
/// pass them on). Time and memory are linear in the sum of all nodes'
/// channels (features where flattened).
///
/// Not removable: channels of the input and of the output, of `tcja` (its attention convolves over neighbouring
/// channels, so that removal changes the kept ones), of `layer_norm` and what chooses nodes (they read whole rows), and
/// of any operation unknown here.
/// After the dependency graph of Fang et al. 2023, DepGraph: Towards Any Structural Pruning, worked out by channel
/// instead of by layer.
class ChannelGraph {
 public:
  /// The graph refers to `net`, which must outlive it.
  explicit ChannelGraph(const net::Net& net);

  const net::Net& net() const { return *net_; }
  std::int64_t num_coupled() const { return static_cast<std::int64_t>(removable_.size()); }
  /// Coupled channel of each output channel of a node, by its place in net().nodes().
  const std::vector<std::int64_t>& outputs(std::size_t node) const { return outputs_[node]; }
  /// The same of the node's first input. REQUIRES: the node has inputs.
  const std::vector<std::int64_t>& inputs(std::size_t node) const { return outputs_[source(node, 0)]; }
  /// Place of input `i` of a node.
  std::size_t source(std::size_t node, std::size_t i) const { return sources_[node][i]; }
  KernelForm form(std::size_t node) const { return forms_[node]; }
  bool removable(std::int64_t channel) const { return removable_[static_cast<std::size_t>(channel)] != 0; }
  /// Groups of removable channels, in Net order of their first producer.
  const std::vector<ChannelGroup>& groups() const { return groups_; }
  /// Nodes other than input and output whose channels must stay.
  const std::vector<std::size_t>& rigid_nodes() const { return rigid_; }

 private:
  void find_groups();

  const net::Net* net_;
  std::vector<std::vector<std::size_t>> sources_;
  std::vector<std::vector<std::int64_t>> outputs_;
  std::vector<KernelForm> forms_;
  std::vector<char> removable_;
  std::vector<ChannelGroup> groups_;
  std::vector<std::size_t> rigid_;
};

}  // namespace tern::compress
