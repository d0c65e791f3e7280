// Networks of the zoo with random weights, for benchmarks: latency does not depend on the values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/seed.hpp"
#include "pack/bits.hpp"
#include "pack/model_file.hpp"
#include "zoo/architecture.hpp"

namespace tern::bench {

/// ARCHITECTURE[:WIDTH[:SIZE[:ZEROS]]]; "spiking3" is spiking_net.
struct NetworkSpec {
  std::string architecture = "resnet20";
  double width = 1;
  std::int64_t size = 0;  ///< pixels a side; 0: the architecture's own
  double zeros = 0;
  bool is_spiking() const { return architecture == "spiking3"; }
};

inline NetworkSpec parse_network(const std::string& text) {
  NetworkSpec spec;
  std::istringstream words(text);
  std::string word;
  if (std::getline(words, word, ':')) spec.architecture = word;
  if (std::getline(words, word, ':')) spec.width = std::atof(word.c_str());
  if (std::getline(words, word, ':')) spec.size = std::atoll(word.c_str());
  if (std::getline(words, word, ':')) spec.zeros = std::atof(word.c_str());
  return spec;
}

/// Three spiking convolutions of 32 channels with pools on 64 x 64 events in 8 steps, and a classifier: the network that
/// bench/spiking_net.py runs in PyTorch.
inline net::Net spiking_net() {
  using Ints = std::vector<std::int64_t>;
  net::Net net("spiking3", 8);
  std::string last = net.add("input", "input", {}, {{"shape", Ints{2, 64, 64}}});
  for (const char* const i : {"1", "2", "3"}) {
    last = net.add(std::string("conv") + i, "conv2d", {last}, {{"out_channels", std::int64_t{32}}, {"padding", std::int64_t{1}}});
    last = net.add(std::string("bn") + i, "batch_norm", {last});
    last = net.add(std::string("lif") + i, "lif", {last});
    last = net.add(std::string("pool") + i, "max_pool2d", {last});
  }
  last = net.add("flat", "flatten", {last});
  last = net.add("fc", "linear", {last}, {{"out_features", std::int64_t{11}}, {"bias", true}});
  net.add("mean", "mean_time", {last});
  return net;
}

/// The Net with a `quantize` node in front of every kernel, one for each source.
inline net::Net with_quantize(const net::Net& net, std::int64_t bits) {
  net::Net result(net.name(), net.num_steps());
  std::map<std::string, std::string> grids;
  for (const auto& node : net.nodes()) {
    auto inputs = node.inputs;
    if (node.op == "conv2d" || node.op == "linear") {
      std::string& grid = grids[inputs[0]];
      if (grid.empty())
        grid = result.add("q_" + inputs[0], "quantize", {inputs[0]}, {{"bits", bits}, {"signed", false}});
      inputs[0] = grid;
    }
    result.add(node.name, node.op, inputs, node.attributes);
  }
  return result;
}

inline void fill_codes(pack::PackedTensor& tensor, int bits, double zeros, Rng& rng) {
  tensor.bits = bits;
  tensor.scales.assign(static_cast<std::size_t>(tensor.shape[0]), 0.02F);
  const int most = std::max(1, pack::max_code(bits));
  const std::size_t size = static_cast<std::size_t>(net::num_elements(tensor.shape));
  const std::size_t ic = static_cast<std::size_t>(tensor.shape[1]);
  const std::size_t taps = size / (static_cast<std::size_t>(tensor.shape[0]) * ic);
  std::vector<bool> kept(size);  // by [oc][ic / 4][tap]
  for (std::size_t i = 0; i < size; ++i) {
    const std::size_t tap = i % taps, c = i / taps % ic, o = i / taps / ic;
    const std::size_t block = (o * ((ic + 3) / 4) + c / 4) * taps + tap;
    if (c % 4 == 0) kept[block] = rng.uniform() >= zeros;
    const int code = bits == 1 ? (rng.below(2) == 0 ? -1 : 1)
                               : static_cast<int>(rng.below(2U * static_cast<unsigned>(most) + 1U)) - most;
    tensor.codes.push_back(static_cast<std::int16_t>(kept[block] ? code : 0));
  }
}

inline pack::PackedModel random_model(net::Net net, int bits, double zeros) {
  pack::PackedModel model{std::move(net), {}, {}};
  Rng rng(1);
  for (const auto& node : model.net.nodes())
    for (const auto& parameter : model.net.parameters(node)) {
      pack::PackedTensor tensor{parameter.shape, 32};
      if (parameter.role == net::ParameterRole::weight && bits < 32) {
        fill_codes(tensor, bits, zeros, rng);
      } else if (parameter.name == "zero_point") {
        tensor.values = {0};
      } else {
        for (std::int64_t i = net::num_elements(parameter.shape); i > 0; --i)
          tensor.values.push_back(static_cast<float>(rng.uniform()) * 0.1F + 0.1F);
      }
      model.tensors[node.name + "." + parameter.name] = std::move(tensor);
    }
  return model;
}

/// The Net of a spec, with activations of so many bits in front of its kernels (32: floats; spiking ones have none).
inline net::Net build_network(const NetworkSpec& spec, int activation_bits) {
  if (spec.is_spiking()) return spiking_net();
  zoo::ArchitectureOptions options;
  options.width = spec.width;
  if (spec.size > 0) options.input_shape = {3, spec.size, spec.size};
  net::Net net = zoo::find_architecture(spec.architecture).build(options);
  return activation_bits < 32 ? with_quantize(net, activation_bits) : net;
}

}  // namespace tern::bench
