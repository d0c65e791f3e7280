// Masking channels and taking them out of a Model.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/structure/channel_graph.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// Marks of coupled channels: [num_coupled], 1 where removed. Only removable ones may be marked.
using ChannelMarks = std::vector<char>;

/// Makes the marked channels zero behind every kernel, batch_norm and propagation: zeroes their rows of kernels, their
/// biases, and gain and shift of their norms. Zeroing filters alone would leave the norm's shift, so that masked and removed
/// networks differ (see remove_channels). Tensors are replaced, not written into: copies of the Model keep theirs.
void mask_channels(learn::Model& model, const ChannelGraph& graph, const ChannelMarks& marks);

/// Coupled channels whose filters are zero in every kernel that makes them (depthwise kernels aside): whatever the
/// input, they are constant behind the norm.
ChannelMarks silent_channels(const learn::Model& model, const ChannelGraph& graph);

struct Removal {
  learn::Model model;
  std::vector<std::string> notes;  ///< where constants were folded, and where that is inexact
};

/// The Model without the marked channels: kernels, biases, norms and masks are sliced, out_channels, out_features and
/// groups follow.
///
/// What a removed channel was:
/// - a silent one is the constant that its bias, norm and activation make of zero (relu(beta) for one), and that constant
///   goes on into the kernels that read it: as sum over taps of weight * constant, into the bias, or into the running
///   mean of the batch_norm behind a kernel without one;
/// - any other is masked first as mask_channels does; what activations make of that zero (sigmoid: 0.5) is folded in the
///   same way.
/// The result equals the Model with its other marked channels masked, up to rounding. One exception: a constant other
/// than zero that enters a kernel with padding is exact away from the border only, since the padding is zero; a note
/// names the kernel. Constants that change with time (a spiking neuron that is driven by its bias) or from
/// node to node (a constant that is summed over neighbours) are not folded: such channels are masked.
///
/// Errors: ErrorKind::usage where a weight has a quantizer or gate (channels come first); ErrorKind::internal for marks
/// on channels that are not removable.
Removal remove_channels(const learn::Model& model, const ChannelGraph& graph, const ChannelMarks& marks);

/// ErrorKind::usage, place "plan", where a weight has a quantizer or a gate.
void check_unquantized(const learn::Model& model);

}  // namespace tern::compress
