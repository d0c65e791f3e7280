// How long does it take to cut a network to half its MACs by removing channels, and how much faster is it then?
//
// usage: bench_channels [ARCHITECTURE [RUNS]]
// Times, for each criterion that needs no data: graph, scores, choice and rewriting together. Then one evaluation of a
// batch of 16 images before and after, on one thread.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "compress/structure/prune_channels.hpp"
#include "learn/forward.hpp"
#include "zoo/architecture.hpp"

namespace {

using Clock = std::chrono::steady_clock;

void report(const std::string& what, int runs, const std::function<void()>& action) {
  std::vector<double> times;
  for (int run = 0; run <= runs; ++run) {
    const auto start = Clock::now();
    action();
    if (run > 0) times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  std::printf("%-28s %8.2f / %8.2f / %8.2f ms (min / median / max of %zu)\n", what.c_str(), times.front(),
              times[times.size() / 2], times.back(), times.size());
}

}  // namespace

int main(int argc, char** argv) {
  using namespace tern;
  at::set_num_threads(1);
  const at::NoGradGuard no_grad;
  const std::string name = argc > 1 ? argv[1] : "resnet56";
  const int runs = argc > 2 ? std::atoi(argv[2]) : 5;
  learn::Model model(zoo::find_architecture(name).build({}), 1);
  learn::Model pruned = model;
  std::printf("%s, 1 thread, MACs to one half\n", name.c_str());
  report("graph alone", runs, [&] { compress::ChannelGraph graph(model.net()); });
  for (const auto& row : compress::channel_criterion_table()) {
    if (row.needs_samples) continue;
    compress::ChannelPruning pruning;
    pruning.criterion = row.info.name;
    report(row.info.name, runs, [&] { pruned = compress::prune_channels(model, pruning).model; });
  }
  const auto before = net::totals(model.net()), after = net::totals(pruned.net());
  std::printf("MACs %lld -> %lld, parameters %lld -> %lld\n", static_cast<long long>(before.macs_per_step),
              static_cast<long long>(after.macs_per_step), static_cast<long long>(before.parameters),
              static_cast<long long>(after.parameters));
  auto sizes = model.net().type(model.net().input().name).shape;
  sizes.insert(sizes.begin(), 16 * std::max<std::int64_t>(1, model.net().num_steps()));
  const at::Tensor frames = at::rand(sizes);
  const std::int64_t num_steps = std::max<std::int64_t>(1, model.net().num_steps());
  report("evaluation of 16, before", runs, [&] { learn::forward(model, frames, num_steps, {}); });
  report("evaluation of 16, after", runs, [&] { learn::forward(pruned, frames, num_steps, {}); });
  return 0;
}
