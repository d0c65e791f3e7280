// Does forcing any other kernel beat the one that planning chose?
//
// usage: bench_choice [--rounds N]
// Each network of a list (the zoo, several widths and zeros, and a spiking one) is planned by
// measuring, and once with every kernel forced wherever it suits. All of them take turns, one thread; least time of each
// step. Printed: layers, and the largest share by which a forced kernel's step was faster than the chosen one's, over
// steps of at least one microsecond.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "engine/layers/layer.hpp"
#include "engine/program.hpp"
#include "random_network.hpp"

namespace {

using namespace tern;

struct Candidate {
  std::string kernel;  ///< empty: chosen by measuring
  engine::Program program;
  engine::Instance instance;
  std::vector<double> least;
};

Candidate plan(const pack::PackedModel& model, const std::string& kernel) {
  engine::Options options;
  options.kernel = kernel;
  auto program = engine::Program::from(model, options);
  if (!program) throw std::runtime_error(program.error().message);
  auto instance = program->instance();
  if (!instance) throw std::runtime_error(instance.error().message);
  return {kernel, std::move(*program), std::move(*instance), {}};
}

void run_network(const bench::NetworkSpec& spec, int weight_bits, int activation_bits, int rounds) {
  const pack::PackedModel model = bench::random_model(bench::build_network(spec, activation_bits), weight_bits, spec.zeros);
  std::vector<Candidate> candidates;
  candidates.push_back(plan(model, ""));
  for (const auto& kernel : engine::layer_kernels())
    if (kernel.name != "plain") candidates.push_back(plan(model, std::string(kernel.name)));
  std::vector<float> input(candidates[0].instance.input_size()), output(candidates[0].instance.output_size());
  Rng rng(2);
  for (auto& x : input) x = spec.is_spiking() ? (rng.uniform() < 0.05 ? 1.0F : 0.0F) : static_cast<float>(rng.uniform());
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round)
    for (auto& candidate : candidates)
      for (int run = 0; run < 3; ++run) {
        if (!candidate.instance.run(input, output, times)) throw std::runtime_error("run failed");
        if (candidate.least.empty()) candidate.least = times;
        for (std::size_t i = 0; i < times.size(); ++i) candidate.least[i] = std::min(candidate.least[i], times[i]);
      }
  const auto chosen = candidates[0].program.describe();
  double worst = 0, all_chosen = 0, all_best = 0;
  std::string where = "none";
  int layers = 0;
  for (std::size_t i = 0; i < chosen.steps.size(); ++i) {
    if (chosen.steps[i].macs == 0) continue;
    ++layers;
    double best = candidates[0].least[i];
    for (std::size_t k = 1; k < candidates.size(); ++k) {
      const std::string forced = candidates[k].program.describe().steps[i].kernel;
      if (forced != candidates[k].kernel || forced == chosen.steps[i].kernel) continue;
      best = std::min(best, candidates[k].least[i]);
      const double gain = candidates[0].least[i] / candidates[k].least[i] - 1;
      if (candidates[0].least[i] < 1 || gain <= worst) continue;
      worst = gain;
      where = chosen.steps[i].nodes.substr(0, 24) + ": " + forced + " instead of " + chosen.steps[i].kernel;
    }
    all_chosen += candidates[0].least[i];
    all_best += best;
  }
  std::printf("%-16s %.2f %3.0f %% zeros w%d a%d: %2d layers, largest gain by force %.1f %% (%s); all layers %.1f us, best of every one %.1f us\n",
              spec.architecture.c_str(), spec.width, 100 * spec.zeros, weight_bits, activation_bits, layers, 100 * worst,
              where.c_str(), all_chosen, all_best);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) try {
  struct Job {
    const char* network;
    int weight_bits, activation_bits;
  };
  const int rounds = count > 2 && std::string(arguments[1]) == "--rounds" ? std::atoi(arguments[2]) : 40;
  for (const Job& job : {Job{"resnet20", 8, 8}, {"resnet20", 4, 4}, {"resnet20", 2, 2}, {"resnet20", 1, 1}, {"resnet20:1:0:0.8", 8, 8},
                         {"resnet18", 8, 8}, {"resnet18:1:0:0.5", 8, 8}, {"resnet18:1:0:0.8", 8, 8}, {"resnet18:1:0:0.9", 8, 8},
                         {"resnet18", 1, 1}, {"resnet18", 2, 2}, {"mobilenet-v1:0.25:96", 8, 8}, {"vgg11", 8, 8}, {"vgg11", 1, 1},
                         {"spiking3", 8, 8}, {"spiking3", 2, 8}})
    run_network(bench::parse_network(job.network), job.weight_bits, job.activation_bits, rounds);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_choice: %s\n", error.what());
  return 1;
}
