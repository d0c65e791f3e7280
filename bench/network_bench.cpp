// Whole networks, 8-bit weights and activations, one thread, one sample: the engine against ONNX Runtime.
//
// usage: bench_network [--onnxruntime LIBRARY] [--seconds S] [NETWORK...]
// NETWORK: ARCHITECTURE[:WIDTH[:SIZE[:ZEROS]]] of the zoo; the default is all that docs/RESULTS.md states. Weights are random,
// ZEROS of them zero in blocks of 4 input channels. The same packed model is exported for ONNX Runtime, quantized and in
// floats; the quantized file must have been fused (no convolution is left in floats), else the ratio is not printed. The
// network without quantizers runs in floats on both.
// Rounds of ours and theirs take turns; least and median of all runs. Runs whose median is more than 1.3 times the least
// are marked "noisy".
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <unistd.h>

#include "engine/program.hpp"
#include "formats/onnx/export_model.hpp"
#include "formats/onnx/inspect.hpp"
#include "onnx_peer.hpp"
#include "random_network.hpp"

namespace {

using namespace tern;
using Clock = std::chrono::steady_clock;

struct Times {
  std::vector<double> microseconds;
  double least() const { return *std::min_element(microseconds.begin(), microseconds.end()); }
  double median() const {
    std::vector<double> sorted = microseconds;
    std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2), sorted.end());
    return sorted[sorted.size() / 2];
  }
  const char* noise() const { return median() > 1.3 * least() ? " noisy" : ""; }
};

/// Every candidate in turn, `rounds` times for a share of the seconds.
void take_turns(const std::vector<std::function<void()>>& work, std::vector<Times>& times, double seconds) {
  constexpr int rounds = 10;
  for (const auto& run : work)
    for (int i = 0; i < 5; ++i) run();
  for (int round = 0; round < rounds; ++round)
    for (std::size_t i = 0; i < work.size(); ++i) {
      const auto begin = Clock::now();
      while (std::chrono::duration<double>(Clock::now() - begin).count() < seconds / rounds) {
        const auto start = Clock::now();
        work[i]();
        times[i].microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
      }
    }
}

std::string text_of(const std::filesystem::path& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  return bytes.str();
}

/// Ranges that suit the random values; latency does not depend on them.
onnx::Ranges some_ranges(const net::Net& net) {
  onnx::Ranges ranges;
  for (const auto& name : onnx::nodes_to_measure(net)) ranges[name] = {-2.0F, 2.0F};
  return ranges;
}

class Peer {
 public:
  Peer(const bench::OnnxPeer& peer, const pack::PackedModel& model, onnx::ExportForm form) {
    const auto stem = std::filesystem::temp_directory_path() / ("tern_network_" + std::to_string(getpid()));
    const std::filesystem::path file = stem.string() + ".onnx", optimized = stem.string() + ".optimized.onnx";
    onnx::write_model(file, model, {form, some_ranges(model.net)});
    session_ = peer.open(file, "input", model.net.output().name, optimized);
    operators_ = onnx::count_operators(text_of(optimized));
    std::filesystem::remove(file);
    std::filesystem::remove(optimized);
    for (const net::Shape& shape : {model.net.type("input").shape, model.net.type(model.net.output().name).shape}) {
      shapes_.push_back({1});
      shapes_.back().insert(shapes_.back().end(), shape.begin(), shape.end());
      values_.emplace_back(static_cast<std::size_t>(net::num_elements(shape)), 0.5F);
    }
  }
  void run() { session_.run(shapes_[0], values_[0], shapes_[1], values_[1]); }
  bool is_fused() const { return !operators_.contains("Conv") && !operators_.contains("FusedConv"); }

 private:
  bench::OnnxPeer::Session session_;
  std::map<std::string, int> operators_;
  std::vector<net::Shape> shapes_;
  std::vector<std::vector<float>> values_;
};

engine::Instance instance_of(const pack::PackedModel& model) {
  const auto program = engine::Program::from(model);
  if (!program) throw std::runtime_error(program.error().message);
  auto instance = program->instance();
  if (!instance) throw std::runtime_error(instance.error().message);
  return std::move(*instance);
}

void bench_network(const std::string& text, const bench::OnnxPeer* peer, double seconds) {
  const bench::NetworkSpec spec = bench::parse_network(text);
  const pack::PackedModel model = bench::random_model(bench::build_network(spec, 8), 8, spec.zeros);
  // Floats without a quantizer anywhere, which is what a user would deploy in floats.
  const pack::PackedModel plain = bench::random_model(bench::build_network(spec, 32), 32, 0);
  engine::Instance instance = instance_of(model), float_instance = instance_of(plain);
  std::vector<float> input(instance.input_size(), 0.5F), output(instance.output_size());
  std::vector<std::function<void()>> work{[&] { (void)instance.run(input, output).ok(); },
                                          [&] { (void)float_instance.run(input, output).ok(); }};
  std::optional<Peer> quantized, floats;
  if (peer != nullptr) {
    quantized.emplace(*peer, model, onnx::ExportForm::qdq);
    floats.emplace(*peer, plain, onnx::ExportForm::floats);
    work.push_back([&] { quantized->run(); });
    work.push_back([&] { floats->run(); });
  }
  std::vector<Times> times(work.size());
  take_turns(work, times, seconds);
  const auto print = [&](const char* name, const Times& t) {
    std::printf("  %s %.1f us (median %.1f%s)", name, t.least(), t.median(), t.noise());
  };
  std::printf("%s:", text.c_str());
  print("engine", times[0]);
  print("its floats", times[1]);
  if (peer != nullptr) {
    print("ONNX Runtime int8", times[2]);
    print("its floats", times[3]);
    if (quantized->is_fused())
      std::printf("  %.2f x int8, %.2f x its better one,", times[2].median() / times[0].median(),
                  std::min(times[2].median(), times[3].median()) / times[0].median());
    else
      std::printf("  not fused: no ratio of int8,");
    std::printf(" floats %.2f x floats", times[3].median() / times[1].median());
  }
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** arguments) try {
  std::string library;
  double seconds = 2;
  std::vector<std::string> networks;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    if (word == "--onnxruntime" && i + 1 < count) library = arguments[++i];
    else if (word == "--seconds" && i + 1 < count) seconds = std::atof(arguments[++i]);
    else networks.push_back(word);
  }
  if (networks.empty())
    networks = {"resnet20", "resnet18", "resnet18:1:32:0.9", "mobilenet-v1:0.25:96", "mobilenet-v1:1:224"};
  std::optional<tern::bench::OnnxPeer> peer;
  if (library.empty()) std::printf("ONNX Runtime: skipped, no --onnxruntime\n");
  else peer.emplace(library);
  if (peer) std::printf("ONNX Runtime %s, one thread; ratios of medians\n", peer->version().c_str());
  for (const auto& network : networks) bench_network(network, peer ? &*peer : nullptr, seconds);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_network: %s\n", error.what());
  return 1;
}
