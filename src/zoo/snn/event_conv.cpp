#include "zoo/snn/snn.hpp"

namespace tern::zoo::snn {
namespace {

net::Net build(const ArchitectureOptions& options) {
  if (options.input_shape.empty())
    fail(ErrorKind::usage, "event-conv", "input_shape is missing: expected [c, h, w] of one step");
  const ArchitectureOptions defaults{
      .num_steps = 10, .num_classes = 10, .input_shape = {}, .channels = {16, 32, 32}};
  return build_conv_family("event-conv", with_defaults(options, defaults, "event-conv"));
}

}  // namespace

/// The family of nmnist-conv for any input and any list of channels: each entry halves the image.
const Architecture event_conv{
    .info =
        {"event-conv",
         "convolutional LIF blocks for event frames of any size, one block an entry of channels",
         "after Fang et al. 2021, Incorporating Learnable Membrane Time Constant (block); Tern's own sizes",
         snn_parameters("10", "10", "", "16, 32, 32")},
    .build = build,
};

}  // namespace tern::zoo::snn
