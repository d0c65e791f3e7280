// What marked channels are worth once their filters are zero.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

#include "compress/structure/channel_graph.hpp"
#include "compress/structure/remove_channels.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// Constants of the marked channels of each node's output, read from one evaluation of `model` on zeros (what is marked
/// does not depend on the input); a graph network runs on two small graphs of different size with nodes of degree 0 to 3,
/// so that what is the same in all their rows is the same in those of any graph.
struct ChannelConstants {
  std::vector<at::Tensor> values;  ///< by node: float32 [channels], zero where not marked; undefined where it is no tensor
  ChannelMarks varying;  ///< marked coupled channels that change with time or from node to node somewhere: no constants
};

/// REQUIRES: marked channels are silent or masked in `model`. Where a depthwise kernel's padding bends a constant at the
/// border, the value of the middle counts. Errors: ErrorKind::usage, place "plan", where the graph's edges have factors.
ChannelConstants channel_constants(learn::Model& model, const ChannelGraph& graph, const ChannelMarks& marks);

}  // namespace tern::compress
