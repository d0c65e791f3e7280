// How long does the engine take for one image, and which kernels does it choose?
//
// usage: bench_engine [ARCHITECTURE [WEIGHT_BITS [ACTIVATION_BITS [ZEROS [KERNEL [WIDTH [SIZE]]]]]]]
// A network of the zoo (default resnet20; or "spiking3") of WIDTH times the channels on images of SIZE pixels a side, with random weights of WEIGHT_BITS (default 8, 32: floats), activations of
// ACTIVATION_BITS in front of every kernel (default 8, 32: floats; spiking networks have none) and ZEROS (default 0) of
// the weights zero in blocks of 4 input channels; one thread, one sample at a time. KERNEL forces a kernel. Prints the
// steps of the plan with the least time of each, then minimum, median and maximum of whole runs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "base/seed.hpp"
#include "engine/program.hpp"
#include "kernels/isa.hpp"
#include "pack/bits.hpp"
#include "zoo/architecture.hpp"

namespace {

using Clock = std::chrono::steady_clock;

/// Three spiking convolutions of 32 channels with pools on 64 x 64 events in 8 steps, and a classifier: the network that
/// bench/spiking_net.py runs in PyTorch.
tern::net::Net spiking_net() {
  using Ints = std::vector<std::int64_t>;
  tern::net::Net net("spiking3", 8);
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
tern::net::Net with_quantize(const tern::net::Net& net, std::int64_t bits) {
  tern::net::Net result(net.name(), net.num_steps());
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

void fill_codes(tern::pack::PackedTensor& tensor, int bits, double zeros, tern::Rng& rng) {
  tensor.bits = bits;
  tensor.scales.assign(static_cast<std::size_t>(tensor.shape[0]), 0.02F);
  const int most = std::max(1, tern::pack::max_code(bits));
  const std::size_t size = static_cast<std::size_t>(tern::net::num_elements(tensor.shape));
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

tern::pack::PackedModel random_model(tern::net::Net net, int bits, double zeros) {
  tern::pack::PackedModel model{std::move(net), {}, {}};
  tern::Rng rng(1);
  for (const auto& node : model.net.nodes())
    for (const auto& parameter : model.net.parameters(node)) {
      tern::pack::PackedTensor tensor{parameter.shape, 32};
      if (parameter.role == tern::net::ParameterRole::weight && bits < 32) {
        fill_codes(tensor, bits, zeros, rng);
      } else if (parameter.name == "zero_point") {
        tensor.values = {0};
      } else {
        for (std::int64_t i = tern::net::num_elements(parameter.shape); i > 0; --i)
          tensor.values.push_back(static_cast<float>(rng.uniform()) * 0.1F + 0.1F);
      }
      model.tensors[node.name + "." + parameter.name] = std::move(tensor);
    }
  return model;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string name = count > 1 ? arguments[1] : "resnet20";
  const int bits = count > 2 ? std::atoi(arguments[2]) : 8;
  const int activation_bits = count > 3 ? std::atoi(arguments[3]) : 8;
  const double zeros = count > 4 ? std::atof(arguments[4]) : 0.0;
  tern::engine::Options options;
  if (count > 5) options.kernel = arguments[5];  // "" measures
  const bool is_spiking = name == "spiking3";
  tern::zoo::ArchitectureOptions shape;
  if (count > 6) shape.width = std::atof(arguments[6]);
  if (count > 7) shape.input_shape = {3, std::atoi(arguments[7]), std::atoi(arguments[7])};
  tern::net::Net net = is_spiking ? spiking_net() : tern::zoo::find_architecture(name).build(shape);
  if (activation_bits < 32 && !is_spiking) net = with_quantize(net, activation_bits);
  const auto program = tern::engine::Program::from(random_model(net, bits, zeros), options);
  if (!program) {
    std::fprintf(stderr, "%s\n", program.error().message.c_str());
    return 1;
  }
  auto instance = program->instance();
  if (!instance) {
    std::fprintf(stderr, "%s\n", instance.error().message.c_str());
    return 1;
  }
  std::vector<float> input(instance->input_size()), output(instance->output_size());
  tern::Rng rng(2);
  for (auto& value : input) value = is_spiking ? (rng.uniform() < 0.05 ? 1.0F : 0.0F) : static_cast<float>(rng.uniform());
  std::vector<double> times, step, least;
  for (int run = 0; run < 300; ++run) {
    if (run % 3 == 0) {  // a third of the runs to see the steps
      if (!instance->run(input, output, step)) return 1;
      if (least.empty()) least = step;
      for (std::size_t i = 0; i < step.size(); ++i) least[i] = std::min(least[i], step[i]);
      continue;
    }
    const auto start = Clock::now();
    if (!instance->run(input, output)) return 1;
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
    if (run > 30 && times.size() * times.back() > 3e6) break;
  }
  const auto plan = program->describe();
  for (std::size_t i = 0; i < plan.steps.size(); ++i) {
    const auto& s = plan.steps[i];
    std::printf("%-60.60s %-10s %9.2f us %7.1f GOP/s %8zu B ", s.nodes.c_str(), s.kernel.c_str(), least[i],
                2e-3 * static_cast<double>(s.macs) / least[i], s.weight_bytes);
    for (const auto& [kernel, time] : s.candidates) std::printf(" %s %.1f", kernel.c_str(), time);
    std::printf("\n");
  }
  std::sort(times.begin(), times.end());
  const double macs = static_cast<double>(tern::net::totals(net).macs_per_step * instance->num_steps());
  std::printf("%s w%d a%d, %.0f %% zeros, %s, 1 thread: %.1f us (median %.1f, maximum %.1f), %.1f M MACs, %.1f GOP/s, "
              "weights %.1f kB, activations %.1f kB\n",
              name.c_str(), bits, activation_bits, 100 * zeros, std::string(name_of(tern::kernels::current_isa())).c_str(),
              times.front(), times[times.size() / 2], times.back(), macs / 1e6, 2e-3 * macs / times.front(),
              static_cast<double>(plan.weight_bytes) / 1e3, static_cast<double>(instance->bytes()) / 1e3);
  return 0;
}
