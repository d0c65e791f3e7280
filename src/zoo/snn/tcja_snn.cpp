#include "zoo/snn/snn.hpp"

namespace tern::zoo::snn {
namespace {

constexpr std::int64_t voters_per_class = 10;
constexpr std::int64_t hidden_features = 512;

/// Node names: conv1 bn1 lif1 pool1 ... conv4 bn4 lif4 tcja1 pool4, conv5 bn5 lif5 tcja2 pool5, flatten,
/// dropout1 fc1 lif6 dropout2 fc2 lif7, rate, vote.
net::Net build(const ArchitectureOptions& options) {
  const ArchitectureOptions defaults{.num_steps = 20,
                                     .num_classes = 11,
                                     .input_shape = {2, 128, 128},
                                     .channels = {128, 128, 128, 128, 128}};
  const ArchitectureOptions resolved = with_defaults(options, defaults, "tcja");
  if (resolved.channels.size() < 2)
    fail(ErrorKind::usage, "tcja", "channels: expected at least 2 convolutions, got {}",
         resolved.channels.size());
  net::Net net("tcja", resolved.num_steps);
  std::string last = net.add("input", "input", {}, {{"shape", resolved.input_shape}});
  const int count = static_cast<int>(resolved.channels.size());
  for (int index = 1; index <= count; ++index) {
    const std::int64_t channels =
        scaled(resolved.channels[static_cast<std::size_t>(index - 1)], resolved.width);
    last = add_conv_block(net, index, last, channels, resolved);
    if (index > count - 2) last = net.add("tcja" + std::to_string(index - count + 2), "tcja", {last});
    last = net.add("pool" + std::to_string(index), "max_pool2d", {last}, {{"kernel", 2}, {"stride", 2}});
  }
  last = net.add("flatten", "flatten", {last});
  const std::int64_t features[] = {scaled(hidden_features, resolved.width),
                                   resolved.num_classes * voters_per_class};
  for (int index = 1; index <= 2; ++index) {
    const std::string number = std::to_string(index);
    last = net.add("dropout" + number, "dropout", {last}, {{"p", resolved.dropout}});
    last = net.add("fc" + number, "linear", {last}, {{"out_features", features[index - 1]}});
    last = add_neuron(net, "lif" + std::to_string(count + index), last, resolved.neuron);
  }
  net.add("rate", "mean_time", {last});
  net.add("vote", "vote", {"rate"}, {{"group", voters_per_class}});
  return net;
}

}  // namespace

/// The DVS128 Gesture network of Schaefer et al.: 1,831,296 weights, 841 MMAC a step at its defaults.
const Architecture tcja{
    .info =
        {"tcja",
         "five convolutional LIF blocks, temporal-channel joint attention in the last two, voting readout "
         "(DVS128 Gesture)",
         "Zhu et al. 2022, TCJA-SNN; sizes of Schaefer et al. 2023, The Hardware Impact of Quantization and "
         "Pruning for Weights in Spiking Neural Networks",
         snn_parameters("20", "11", "2, 128, 128", "128, 128, 128, 128, 128")},
    .build = build,
};

}  // namespace tern::zoo::snn
