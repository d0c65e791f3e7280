#include "study/network.hpp"

#include <algorithm>

#include "base/atomic_file.hpp"
#include "base/error.hpp"

namespace tern::study {

net::Net make_network(const NetworkOptions& network, const data::FrameDataset& data) {
  if (network.name.size() < 5 || network.name.substr(network.name.size() - 5) != ".json") {
    zoo::ArchitectureOptions options = network.options;
    options.input_shape = data.sample_shape;
    options.num_steps = data.num_steps;
    options.num_classes = data.num_classes();
    return zoo::find_architecture(network.name, "network").build(options);
  }
  net::Net net = net::from_json(read_file(network.name), network.name);
  const net::TensorType& input = net.type(net.input().name);
  const net::TensorType& output = net.type(net.output().name);
  if (input.shape != data.sample_shape)
    fail(ErrorKind::usage, network.name, "the network reads {}, the data are {}", net::to_string(input.shape),
         net::to_string(data.sample_shape));
  if (output.has_time || output.shape != net::Shape{data.num_classes()})
    fail(ErrorKind::usage, network.name, "expected scores [N, {}], one for each class, got {}", data.num_classes(),
         net::to_string(output));
  return net;
}

bool carries_spikes(const net::Net& net) {
  return std::any_of(net.nodes().begin(), net.nodes().end(),
                     [](const net::Node& node) { return node.op == "lif" || node.op == "if"; });
}

}  // namespace tern::study
