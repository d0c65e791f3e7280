// How long does the engine take for one image?
//
// usage: bench_engine [ARCHITECTURE [BITS [DENSITY]]]
// A network of the zoo (default resnet20) with random weights of BITS (default 4, 32: floats) and inputs of
// which DENSITY (default 1) are not zero, one thread, one image at a time: minimum, median and maximum of 15
// runs after a warm-up, and multiply-accumulates a second, dense ones counted.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "base/seed.hpp"
#include "base/threads.hpp"
#include "engine/program.hpp"
#include "kernels/isa.hpp"
#include "pack/bits.hpp"
#include "zoo/architecture.hpp"

namespace {

using Clock = std::chrono::steady_clock;

tern::pack::PackedModel random_model(tern::net::Net net, int bits) {
  tern::pack::PackedModel model{std::move(net), {}, {}};
  tern::Rng rng(1);
  for (const auto& node : model.net.nodes())
    for (const auto& parameter : model.net.parameters(node)) {
      tern::pack::PackedTensor tensor{parameter.shape, 32};
      const auto size = static_cast<std::size_t>(tern::net::num_elements(parameter.shape));
      if (parameter.role == tern::net::ParameterRole::weight && bits < 32) {
        tensor.bits = bits;
        tensor.scales.assign(static_cast<std::size_t>(parameter.shape[0]), 0.05F);
        const int most = tern::pack::max_code(bits);
        for (std::size_t i = 0; i < size; ++i)
          tensor.codes.push_back(
              static_cast<std::int16_t>(static_cast<int>(rng.below(2U * most + 1U)) - most));
      } else {
        for (std::size_t i = 0; i < size; ++i)
          tensor.values.push_back(static_cast<float>(rng.uniform()) * 0.1F + 0.1F);
      }
      model.tensors[node.name + "." + parameter.name] = std::move(tensor);
    }
  return model;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string name = count > 1 ? arguments[1] : "resnet20";
  const int bits = count > 2 ? std::atoi(arguments[2]) : 4;
  const double density = count > 3 ? std::atof(arguments[3]) : 1.0;
  tern::set_num_threads(1);
  const tern::net::Net net = tern::zoo::find_architecture(name).build({});
  const auto program = tern::engine::Program::from(random_model(net, bits));
  if (!program) {
    std::fprintf(stderr, "%s\n", program.error().message.c_str());
    return 1;
  }
  const tern::net::TensorType& type = net.type(net.input().name);
  const std::int64_t steps = type.has_time ? std::max<std::int64_t>(1, net.num_steps()) : 1;
  std::vector<float> frames(static_cast<std::size_t>(steps * tern::net::num_elements(type.shape)));
  tern::Rng rng(2);
  for (auto& value : frames) value = rng.uniform() < density ? 1.0F : 0.0F;
  std::vector<double> times;
  for (int run = 0; run < 17; ++run) {
    const auto start = Clock::now();
    const auto scores = program->run(frames, steps, 1);
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (!scores) return 1;
    if (run >= 2) times.push_back(ms);
  }
  std::sort(times.begin(), times.end());
  const double macs = static_cast<double>(tern::net::totals(net).macs_per_step * steps);
  std::printf("%s, %d bits, %s, 1 thread: %.2f ms (median %.2f, maximum %.2f), %.1f M MACs, %.2f G MACs/s\n",
              name.c_str(), bits, std::string(name_of(tern::kernels::current_isa())).c_str(), times.front(),
              times[times.size() / 2], times.back(), macs / 1e6, macs / times.front() / 1e6);
  return 0;
}
