// How long does one training step of a small spiking network take, beside torch's own operations?
//
// usage: bench_train_step [THREADS [PEER_SCRIPT]]
// The network: 3 x (conv3x3-32, batch norm, LIF, max pool 2), linear 11, mean over time; 2x64x64 input, T = 8, batch 8,
// 5% of the inputs are events; forward, cross entropy, backward, SGD. PEER_SCRIPT is a Python program that takes the
// number of threads and prints a line "SNN ... BPTT step: X ms": the same network on plain torch. It runs before and
// after ours, so that a drift of the machine shows.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include "learn/forward.hpp"
#include "learn/losses.hpp"
#include "learn/memory.hpp"
#include "train/optimizer.hpp"

namespace {

using Clock = std::chrono::steady_clock;

tern::net::Net make_net() {
  tern::net::Net net("bench", 8);
  std::string last = net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{2, 64, 64}}});
  for (int i = 1; i <= 3; ++i) {
    const std::string n = std::to_string(i);
    last = net.add("conv" + n, "conv2d", {last}, {{"out_channels", 32}, {"padding", 1}});
    last = net.add("bn" + n, "batch_norm", {last});
    last = net.add("lif" + n, "lif", {last});
    last = net.add("pool" + n, "max_pool2d", {last});
  }
  last = net.add("flatten", "flatten", {last});
  last = net.add("fc", "linear", {last}, {{"out_features", 11}, {"bias", true}});
  net.add("mean", "mean_time", {last});
  return net;
}

/// Milliseconds that the peer prints, or 0.
double run_peer(const std::string& script, int threads) {
  const std::string command = "env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_WAIT_POLICY=passive "
                              "ATEN_CPU_CAPABILITY=avx512 /usr/bin/python3 '" + script + "' " + std::to_string(threads);
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return 0;
  char line[512];
  double found = 0;
  while (std::fgets(line, sizeof line, pipe)) {
    const std::string text(line);
    const auto at = text.find("BPTT step: ");
    if (at != std::string::npos) found = std::atof(text.c_str() + at + 11);
  }
  pclose(pipe);
  return found;
}

}  // namespace

int main(int argc, char** argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
  at::set_num_threads(threads);
  tern::learn::keep_freed_memory();
  const double peer_before = argc > 2 ? run_peer(argv[2], threads) : 0;

  tern::learn::Model model(make_net(), 1);
  tern::train::Optimizer optimizer(model, {"sgd"});
  at::manual_seed(1);
  const at::Tensor frames =
      at::rand({8 * 8, 2, 64, 64}).lt(0.05).to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor targets = tern::learn::one_hot(at::randint(11, {8}, at::kLong), 11, 0.0);
  const auto loss = tern::learn::find_loss("ce").loss;
  tern::learn::ForwardOptions options;
  options.training = true;
  std::vector<double> times;
  for (int run = 0; run < 43; ++run) {
    const auto start = Clock::now();
    optimizer.zero_gradients();
    loss(tern::learn::forward(model, frames, 8, options), targets).backward();
    optimizer.step(0.1);
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
    if (run >= 3) times.push_back(ms);
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  std::printf("tern, %d thread(s): step %.1f / %.1f / %.1f ms (min / median / max of %zu), %.1f samples/s\n", threads,
              times.front(), median, times.back(), times.size(), 8e3 / median);
  if (argc <= 2) return std::printf("peer: no script given, skipped\n"), 0;
  const double peer_after = run_peer(argv[2], threads);
  if (peer_before <= 0 || peer_after <= 0) return std::printf("peer: printed no figure\n"), 1;
  std::printf("peer: %.1f ms before, %.1f ms after; its best over our median: %.2f times as long\n", peer_before,
              peer_after, std::min(peer_before, peer_after) / median);
  return 0;
}
