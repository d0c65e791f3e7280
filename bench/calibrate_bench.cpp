// How long does calibrating the activations of ResNet-20 on 1,000 images of CIFAR-10's size take, and what is its share
// of searching ranges?
//
// usage: bench_calibrate [THREADS [RUNS]]
// Images are uniform noise in 8 bits, weights as initialised. `whole`: the network runs over ten batches of 100 while a
// calibrator observes each place that a kernel reads, then each finds its range for 8 bits. `search`: the last alone.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "compress/quantize/calibrate_activations.hpp"
#include "learn/memory.hpp"
#include "zoo/architecture.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using tern::compress::Samples;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void print(const char* name, const char* part, std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  std::printf("%-10s %-6s %8.3f / %8.3f / %8.3f s (min / median / max of %zu)\n", name, part, seconds.front(),
              seconds[seconds.size() / 2], seconds.back(), seconds.size());
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2, runs = argc > 2 ? std::atoi(argv[2]) : 3;
  at::set_num_threads(threads);
  tern::learn::keep_freed_memory();
  at::manual_seed(1);
  tern::learn::Model model(tern::zoo::find_architecture("resnet20").build({}), 1);
  Samples samples;
  for (int batch = 0; batch < 10; ++batch)
    samples.push_back({at::randint(0, 256, {100, 3, 32, 32}, at::kFloat) / 255.0F, at::Tensor(), 1});
  std::map<std::string, int> kernels;
  for (const auto& node : model.net().nodes())
    if (node.op == "conv2d" || node.op == "linear") kernels[node.name] = 8;
  const auto sites = tern::compress::activation_sites(model.net(), kernels);
  std::printf("resnet20, 1000 images, %zu places, %d thread(s)\n", sites.size(), threads);
  for (const auto& row : tern::compress::calibrator_table()) {
    std::vector<double> whole, search;
    for (int run = 0; run < runs; ++run) {
      const auto start = Clock::now();
      tern::compress::calibrate_activations(model, sites, samples, row.info.name);
      whole.push_back(seconds_since(start));
      const auto calibrator = row.make();
      calibrator->observe(samples[0].frames - 0.5);
      const auto searching = Clock::now();
      for (std::size_t i = 0; i < sites.size(); ++i) calibrator->range(8, true);
      search.push_back(seconds_since(searching));
    }
    print(row.info.name.c_str(), "whole", whole);
    print(row.info.name.c_str(), "search", search);
  }
  return 0;
}
