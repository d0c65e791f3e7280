#include "sparse_chain.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "engine/program.hpp"
#include "formats/onnx/export_model.hpp"
#include "formats/onnx/inspect.hpp"
#include "onnx_peer.hpp"
#include "random_network.hpp"

namespace tern::bench {
namespace {

constexpr std::int64_t channels = 256, side = 28, more = 4;
const net::Shape image{1, channels, side, side};

/// Convolutions with relu, a quantize node in front of each and behind the last.
pack::PackedModel chain(std::int64_t layers) {
  using Ints = std::vector<std::int64_t>;
  net::Net net("chain");
  std::string last = net.add("input", "input", {}, {{"shape", Ints{channels, side, side}}, {"time", false}});
  const auto quantize = [&](const std::string& name) {
    return net.add(name, "quantize", {last}, {{"bits", std::int64_t{8}}, {"signed", false}});
  };
  for (std::int64_t i = 0; i < layers; ++i) {
    const std::string number = std::to_string(i);
    last = quantize("q" + number);
    last = net.add("conv" + number, "conv2d", {last},
                   {{"out_channels", channels}, {"kernel", std::int64_t{1}}, {"bias", true}});
    last = net.add("relu" + number, "relu", {last});
  }
  quantize("last");
  return random_model(std::move(net), 8, 0.9);
}

class Peer {
 public:
  Peer(const OnnxPeer& peer, const pack::PackedModel& model) {
    const auto stem = std::filesystem::temp_directory_path() / ("tern_chain_" + std::to_string(getpid()));
    const std::filesystem::path file = stem.string() + ".onnx", optimized = stem.string() + ".optimized.onnx";
    onnx::Ranges ranges;
    for (const auto& name : onnx::nodes_to_measure(model.net)) ranges[name] = {0.0F, 2.0F};
    onnx::write_model(file, model, {onnx::ExportForm::qdq, ranges});
    session_ = peer.open(file, "input", "last.values", optimized);
    std::ifstream bytes(optimized, std::ios::binary);
    operators_ = onnx::count_operators(std::string(std::istreambuf_iterator<char>(bytes), {}));
    std::filesystem::remove(file);
    std::filesystem::remove(optimized);
  }
  void run() { session_.run(image, src_, image, dst_); }
  bool is_fused() const { return !operators_.contains("Conv") && !operators_.contains("FusedConv"); }

 private:
  OnnxPeer::Session session_;
  std::map<std::string, int> operators_;
  std::vector<float> src_ = std::vector<float>(channels * side * side, 0.5F), dst_ = src_;
};

/// The same model in the engine.
class Ours {
 public:
  explicit Ours(const pack::PackedModel& model) : program_(engine::Program::from(model)) {
    if (!program_) throw std::runtime_error(program_.error().message);
    auto made = program_->instance();
    if (!made) throw std::runtime_error(made.error().message);
    instance_.push_back(std::move(*made));
  }
  void run() { (void)instance_[0].run(src_, dst_).ok(); }

 private:
  engine::Result<engine::Program> program_;
  std::vector<engine::Instance> instance_;
  std::vector<float> src_ = std::vector<float>(channels * side * side, 0.5F), dst_ = src_;
};

using Times = std::vector<double>;

/// Microseconds of each, in turn: of every round the best of three runs.
std::vector<Times> measure(const std::vector<std::function<void()>>& work) {
  using Clock = std::chrono::steady_clock;
  std::vector<Times> times(work.size(), Times(400, 1e9));
  for (std::size_t round = 0; round < times[0].size(); ++round)
    for (std::size_t i = 0; i < work.size(); ++i)
      for (int repeat = 0; repeat < 3; ++repeat) {
        const auto start = Clock::now();
        work[i]();
        const std::chrono::duration<double, std::micro> time = Clock::now() - start;
        times[i][round] = std::min(times[i][round], time.count());
      }
  return times;
}

/// Of a layer inside of a network, round by round.
Times layer_times(const Times& one, const Times& several) {
  Times out(one.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = (several[i] - one[i]) / more;
  return out;
}

double quantile(Times times, double share) {
  std::sort(times.begin(), times.end());
  return times[static_cast<std::size_t>(share * static_cast<double>(times.size()))];
}

void print_row(const char* what, const Times& ours, const Times& peer) {
  fmt::print("{:<34} engine {:>8.1f} {:>8.1f} us   ONNX Runtime {:>8.1f} {:>8.1f} us   {:>5.2f}x\n", what,
             quantile(ours, 0.25), quantile(ours, 0.5), quantile(peer, 0.25), quantile(peer, 0.5),
             quantile(peer, 0.5) / quantile(ours, 0.5));
}

}  // namespace

void bench_sparse_chain(const std::string& library) {
  const OnnxPeer peer(library);
  const pack::PackedModel one = chain(1), many = chain(1 + more);
  Peer peer_one(peer, one), peer_many(peer, many);
  if (!peer_one.is_fused() || !peer_many.is_fused()) {
    fmt::print("ONNX Runtime {}: left a convolution in floats, no figure\n", peer.version());
    return;
  }
  Ours ours_one(one), ours_many(many);
  const auto times = measure(
      {[&] { ours_one.run(); }, [&] { ours_many.run(); }, [&] { peer_one.run(); }, [&] { peer_many.run(); }});
  print_row("a network of one, floats in and out", times[0], times[2]);
  print_row("a layer inside of a network", layer_times(times[0], times[1]), layer_times(times[2], times[3]));
}

}  // namespace tern::bench
