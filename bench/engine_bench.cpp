// How long does the engine take for one sample, and which kernels does it choose?
//
// usage: bench_engine [NETWORK [WEIGHT_BITS [ACTIVATION_BITS [KERNEL]]]]
// NETWORK: ARCHITECTURE[:WIDTH[:SIZE[:ZEROS]]] of the zoo (default resnet20), or "spiking3": three spiking convolutions, at
// 5 % of ones in the input. Random weights of WEIGHT_BITS (default 8, 32: floats), ZEROS of them zero in blocks of 4 input
// channels; activations of ACTIVATION_BITS in front of every kernel (default 8, 32: floats). One thread, one sample at a
// time. KERNEL is taken wherever it suits. Prints the steps of the plan with the least time of each and what every kernel
// took in planning, then minimum, median and maximum of whole runs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/program.hpp"
#include "kernels/isa.hpp"
#include "random_network.hpp"

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

int main(int count, char** arguments) {
  const tern::bench::NetworkSpec spec = tern::bench::parse_network(count > 1 ? arguments[1] : "resnet20");
  const int bits = count > 2 ? std::atoi(arguments[2]) : 8;
  const int activation_bits = count > 3 ? std::atoi(arguments[3]) : 8;
  tern::engine::Options options;
  if (count > 4) options.kernel = arguments[4];
  const tern::net::Net net = tern::bench::build_network(spec, activation_bits);
  const auto program = tern::engine::Program::from(tern::bench::random_model(net, bits, spec.zeros), options);
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
  for (auto& value : input) value = spec.is_spiking() ? (rng.uniform() < 0.05 ? 1.0F : 0.0F) : static_cast<float>(rng.uniform());
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
              spec.architecture.c_str(), bits, activation_bits, 100 * spec.zeros, std::string(name_of(tern::kernels::current_isa())).c_str(),
              times.front(), times[times.size() / 2], times.back(), macs / 1e6, 2e-3 * macs / times.front(),
              static_cast<double>(plan.weight_bytes) / 1e3, static_cast<double>(instance->bytes()) / 1e3);
  return 0;
}
