#include "zoo/snn/snn.hpp"

namespace tern::zoo::snn {
namespace {

net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions defaults{
      .num_steps = 10, .num_classes = 10, .input_shape = {2, 34, 34}, .channels = {16, 32, 32}};
  return build_conv_family("nmnist-conv", with_defaults(options, defaults, "nmnist-conv"));
}

}  // namespace

/// Three blocks of conv3x3, batch_norm, LIF, max_pool2d and a linear readout averaged over time.
const Architecture nmnist_conv{
    .info =
        {"nmnist-conv",
         "three small convolutional LIF blocks for N-MNIST (2x34x34), logits averaged over time",
         "after Fang et al. 2021, Incorporating Learnable Membrane Time Constant (block); Tern's own sizes",
         snn_parameters("10", "10", "2, 34, 34", "16, 32, 32")},
    .build = build,
};

}  // namespace tern::zoo::snn
