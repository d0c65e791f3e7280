// How fast, and in how much memory, is a layer of leaky integrate-and-fire neurons trained on a processor?
//
// usage: bench_lif [PEER_CHECKOUT]
// T = 16 steps of N = 8 samples of C = 64 channels of 32 x 32, decay-input LIF with tau 2, hard reset, atan
// surrogate, detached reset, one thread: nanoseconds an element forward and backward, and the peak resident
// memory of a process that holds x, spikes and both gradients. PEER_CHECKOUT is a checkout of SpikingJelly
// (commit b44d1094), measured in the same run with bench/spikingjelly_lif.py by the interpreter named in
// TERN_PYTHON (default python3, with torch).
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/seed.hpp"
#include "base/threads.hpp"
#include "kernels/isa.hpp"
#include "kernels/neuron.hpp"

namespace {

constexpr std::int64_t num_steps = 16, size = 8 * 64 * 32 * 32;
constexpr int warm_up = 3, runs = 25;

struct Figures {
  std::array<double, 3> forward_ns{}, backward_ns{};  // minimum, median, maximum
  double peak_mib = 0;
  double total() const { return forward_ns[1] + backward_ns[1]; }
};

std::array<double, 3> summary(std::vector<double> seconds) {
  std::sort(seconds.begin(), seconds.end());
  const double ns = 1e9 / static_cast<double>(num_steps * size);
  return {seconds.front() * ns, seconds[seconds.size() / 2] * ns, seconds.back() * ns};
}

template <typename Work>
double seconds_of(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

struct Free {
  void operator()(float* p) const { std::free(p); }
};
using Buffer = std::unique_ptr<float, Free>;

/// As libtorch allocates: 64-byte aligned.
Buffer make_buffer() {
  return Buffer(static_cast<float*>(
      std::aligned_alloc(64, static_cast<std::size_t>(num_steps * size) * sizeof(float))));
}

/// The child process that is measured; prints what the peer's script prints.
void measure_ours() {
  using namespace tern::kernels;
  tern::set_num_threads(1);
  const NeuronParameters lif{.decay = 0.5F, .gain = 0.5F};
  const Buffer x = make_buffer(), spikes = make_buffer(), grad_spikes = make_buffer(), grad_x = make_buffer();
  tern::Rng rng(1);
  for (std::int64_t i = 0; i < num_steps * size; ++i) {
    x.get()[i] = static_cast<float>(rng.normal());
    grad_spikes.get()[i] = 1.0F;
  }
  std::vector<double> forward, backward;
  for (int run = -warm_up; run < runs; ++run) {
    const double f = seconds_of([&] { neuron_forward(lif, num_steps, size, x.get(), spikes.get()); });
    const double b =
        seconds_of([&] { neuron_backward(lif, num_steps, size, x.get(), grad_spikes.get(), grad_x.get()); });
    if (run >= 0) forward.push_back(f), backward.push_back(b);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto f = summary(forward), b = summary(backward);
  fmt::print("forward {:.4f} {:.4f} {:.4f}\nbackward {:.4f} {:.4f} {:.4f}\npeak {}\n", f[0], f[1], f[2], b[0],
             b[1], b[2], usage.ru_maxrss / 1024);
}

/// Runs a command that prints lines "forward MIN MEDIAN MAX", "backward MIN MEDIAN MAX", "peak MIB"; false if
/// it fails.
bool run_measured(const std::string& command, Figures& out) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  char line[256];
  int found = 0;
  while (std::fgets(line, sizeof line, pipe) != nullptr) {
    auto& f = out.forward_ns;
    auto& b = out.backward_ns;
    found += std::sscanf(line, "forward %lf %lf %lf", &f[0], &f[1], &f[2]) == 3;
    found += std::sscanf(line, "backward %lf %lf %lf", &b[0], &b[1], &b[2]) == 3;
    found += std::sscanf(line, "peak %lf", &out.peak_mib) == 1;
  }
  return pclose(pipe) == 0 && found == 3;
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

void print_row(const char* name, const Figures& f) {
  fmt::print("{:<14} {:>6.3f} {:>6.3f} {:>6.3f}   {:>6.3f} {:>6.3f} {:>6.3f}   {:>6.3f}  {:>6.0f}\n", name,
             f.forward_ns[0], f.forward_ns[1], f.forward_ns[2], f.backward_ns[0], f.backward_ns[1],
             f.backward_ns[2], f.total(), f.peak_mib);
}

/// A busy machine shows in the median; such a run is no evidence.
bool is_noisy(const Figures& f) {
  return f.forward_ns[1] > 1.3 * f.forward_ns[0] || f.backward_ns[1] > 1.3 * f.backward_ns[0];
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1 && std::strcmp(argv[1], "--ours") == 0) return measure_ours(), 0;
  double load = 0;
  getloadavg(&load, 1);
  fmt::print(
      "{}, 1 thread, instruction set {}, load {:.2f}\n[T=16, N=8, C=64, 32, 32], {} runs; ns an element\n",
      processor(), name_of(tern::kernels::current_isa()), load, runs);
  fmt::print("{:<14} {:>20}   {:>20}   {:>6}  {:>6}\n", "", "forward min/med/max", "backward min/med/max",
             "sum", "MiB");
  std::fflush(stdout);
  Figures ours, peer;
  if (!run_measured(quoted(argv[0]) + " --ours", ours))
    return fmt::print(stderr, "bench_lif: the measured child failed\n"), 1;
  print_row("tern", ours);
  if (argc < 2) return fmt::print("peer skipped: no checkout given\n"), 0;
  const char* python = std::getenv("TERN_PYTHON");
  const std::string peer_command =
      "env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1 " +
      quoted(python ? python : "python3") + " " + quoted(TERN_SOURCE_DIR "/bench/spikingjelly_lif.py") + " " +
      quoted(argv[1]);
  if (!run_measured(peer_command, peer)) return fmt::print("peer skipped: it could not be run\n"), 0;
  print_row("spikingjelly", peer);
  fmt::print("ratio of medians, forward + backward: {:.1f}x (minimum {:.1f}x); memory: {:.2f}\n",
             peer.total() / ours.total(),
             (peer.forward_ns[0] + peer.backward_ns[0]) / (ours.forward_ns[0] + ours.backward_ns[0]),
             ours.peak_mib / peer.peak_mib);
  if (is_noisy(ours) || is_noisy(peer))
    fmt::print("noisy: a median is more than 1.3 times its minimum; run again on an idle machine\n");
  return 0;
}
