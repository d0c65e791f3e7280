// How much memory does training a deep network on a large graph take?
//
// usage: bench_cluster_memory FOLDER [NAME=VALUE ...]
//   nodes=2400000 edges=60000000 features=100   of the block model that is generated into FOLDER where it is
//   not there parts=3000 q=2 hidden=128 layers=2,3,4,6,8 precompute=0 seed=1 batches=0       > 0: only so
//   many of an epoch mode=clusters   one epoch of Cluster-GCN for each depth; features and graph stay in
//   their files mode=full       one full-batch step for each depth, features in memory, as far as memory
//   lasts mode=evaluate   the whole graph, layer by layer, with memory_mib=1024 for activations
//   mode=layers     one epoch a layer of L-GCN, rows=8192 a step, features between layers in FOLDER; then scores
// Every line is a process of its own. Peaks in MiB: `resident` all pages as the system counts them (VmHWM),
// `own` those that no file can give back (RssAnon) and `mapped` those of files, both sampled every 10 ms.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic_file.hpp"
#include "base/seed.hpp"
#include "base/threads.hpp"
#include "graph/block_model.hpp"
#include "graph/graph_file.hpp"
#include "learn/memory.hpp"
#include "learn/torch.hpp"
#include "train/graph/cluster_net.hpp"
#include "train/graph/cluster_source.hpp"
#include "train/graph/full_batch.hpp"
#include "train/layerwise/layerwise.hpp"
#include "train/trainer.hpp"
#include "zoo/options.hpp"

namespace {

using namespace tern;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// MiB of a line of /proc/self/status.
double status_mib(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return std::stod(line.substr(name.size() + 1)) / 1024;
  return 0;
}

/// Largest values seen while it lives.
class PeakMemory {
 public:
  PeakMemory()
      : thread_([this] {
          for (; !stop_; std::this_thread::sleep_for(std::chrono::milliseconds(10))) {
            own = std::max(own.load(), status_mib("RssAnon"));
            mapped = std::max(mapped.load(), status_mib("RssFile") + status_mib("RssShmem"));
          }
        }) {}
  ~PeakMemory() {
    stop_ = true;
    thread_.join();
  }
  std::atomic<double> own{0}, mapped{0};

 private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

struct Settings {
  fs::path folder;
  std::map<std::string, std::string> text{
      {"nodes", "2400000"}, {"edges", "60000000"}, {"features", "100"},     {"parts", "3000"},
      {"q", "2"},           {"hidden", "128"},     {"layers", "2,3,4,6,8"}, {"precompute", "0"},
      {"seed", "1"},        {"mode", "clusters"},  {"memory_mib", "1024"},  {"batches", "0"},
      {"rows", "8192"}};
  std::int64_t number(const std::string& name) const { return std::stoll(text.at(name)); }
  std::vector<std::int64_t> layers() const {
    std::vector<std::int64_t> out;
    std::istringstream words(text.at("layers"));
    for (std::string word; std::getline(words, word, ',');) out.push_back(std::stoll(word));
    return out;
  }
};

constexpr std::int64_t classes = 47;

void generate(const Settings& s) {
  if (fs::exists(s.folder / "block.bin")) return;
  const auto start = Clock::now();
  graph::BlockModelOptions options;
  options.num_nodes = s.number("nodes");
  options.num_edges = s.number("edges");
  options.num_blocks = classes;
  const std::vector<std::int32_t> block = graph::write_block_model(s.folder / "graph.bin", options);
  graph::write_block_features(s.folder / "features.npy", block, s.number("features"), 0.3, 1);
  write_file_atomically(s.folder / "block.bin",
                        {reinterpret_cast<const char*>(block.data()), 4 * block.size()});
  std::printf("generated in %.0f s\n", seconds_since(start));
}

/// The files, and a split: 70 % of the nodes train, 2 % validate, 28 % test.
struct Nodes {
  explicit Nodes(const Settings& s)
      : graph(graph::map_graph(s.folder / "graph.bin")),
        features(graph::MappedMatrix::open(s.folder / "features.npy")) {
    const std::string bytes = read_file(s.folder / "block.bin");
    const auto* block = reinterpret_cast<const std::int32_t*>(bytes.data());
    labels.assign(block, block + bytes.size() / sizeof *block);
    Rng rng(derive_seed(1, "split"));
    for (std::int32_t node = 0; node < graph.num_nodes(); ++node) {
      const double at = rng.uniform();
      (at < 0.70 ? split.train : at < 0.72 ? split.validation : split.test).push_back(node);
    }
    data.graph = &graph;
    data.mapped = &features;
    data.num_classes = classes;
    data.labels = labels;
    data.split = &split;
  }

  graph::Graph graph;
  graph::MappedMatrix features;
  std::vector<std::int32_t> labels;
  graph::Split split;
  train::NodeData data;
};

train::ClusterOptions cluster_options(const Settings& s) {
  train::ClusterOptions options;
  options.parts = s.number("parts");
  options.clusters_per_batch = s.number("q");
  options.precompute = s.number("precompute") != 0;
  options.partition.method = graph::PartitionMethod::multilevel;
  options.cache = s.folder;
  options.evaluation.scratch = s.folder;
  options.evaluation.memory_bytes = s.number("memory_mib") << 20;
  return options;
}

learn::Model model_of(const Settings& s, std::int64_t layers, bool precompute) {
  zoo::ArchitectureOptions options;
  options.num_classes = classes;
  options.input_shape = {s.number("features")};
  options.dropout = 0.2;
  options.graph.layers = layers;
  options.graph.hidden = s.number("hidden");
  learn::Model model(zoo::find_architecture("cluster-gcn").build(options),
                     static_cast<std::uint64_t>(s.number("seed")));
  return precompute ? train::without_first_propagation(model) : std::move(model);
}

/// The first batches of every epoch.
class FirstBatches : public train::BatchSource {
 public:
  FirstBatches(train::BatchSource& source, std::int64_t count)
      : source_(source),
        count_(count > 0 ? std::min(count, source.batches_per_epoch()) : source.batches_per_epoch()) {}
  std::string place() const override { return source_.place(); }
  std::string identity() const override { return source_.identity(); }
  std::int64_t batches_per_epoch() const override { return count_; }
  std::int64_t samples_per_epoch() const override { return source_.samples_per_epoch(); }
  train::TrainBatch batch(std::int64_t epoch, std::int64_t index) override {
    return source_.batch(epoch, index);
  }
  train::Scores evaluate(learn::Model& model) override { return source_.evaluate(model); }
  compress::Samples samples(std::int64_t count) override { return source_.samples(count); }

 private:
  train::BatchSource& source_;
  std::int64_t count_;
};

void print_row(const std::string& what, std::int64_t layers, double prepare, double work,
               const train::Scores& scores, double loss, const PeakMemory& peak) {
  std::printf("%-9s %6lld %10.1f %10.1f %9.0f %9.0f %9.0f %8.4f %8.4f\n", what.c_str(),
              static_cast<long long>(layers), prepare, work, status_mib("VmHWM"), peak.own.load(),
              peak.mapped.load(), loss, scores.test);
}

train::TrainOptions train_options() {
  train::TrainOptions options;
  options.epochs = 1;
  options.optimizer.name = "adam";
  options.learning_rate.base = 0.01;
  options.validate_each_epoch = false;
  return options;
}

void run_clusters(const Settings& s, std::int64_t layers) {
  const PeakMemory peak;
  auto start = Clock::now();
  const Nodes nodes(s);
  train::ClusterSource clusters(nodes.data, cluster_options(s));
  FirstBatches source(clusters, s.number("batches"));
  const double prepared = seconds_since(start);
  learn::Model model = model_of(s, layers, s.number("precompute") != 0);
  start = Clock::now();
  const auto history = train::train(model, source, {}, train_options());
  print_row("clusters", layers, prepared, seconds_since(start), {0, std::numeric_limits<double>::quiet_NaN()},
            history.back().train_loss, peak);
}

void run_evaluation(const Settings& s, std::int64_t layers) {
  const PeakMemory peak;
  auto start = Clock::now();
  const Nodes nodes(s);
  train::ClusterSource clusters(nodes.data, cluster_options(s));
  FirstBatches source(clusters, s.number("batches"));
  const double prepared = seconds_since(start);
  learn::Model model = model_of(s, layers, s.number("precompute") != 0);
  train::train(model, source, {}, train_options());
  start = Clock::now();
  const train::Scores scores = source.evaluate(model);
  print_row("evaluate", layers, prepared, seconds_since(start), scores,
            std::numeric_limits<double>::quiet_NaN(), peak);
}

void run_full(const Settings& s, std::int64_t layers) {
  const PeakMemory peak;
  auto start = Clock::now();
  const Nodes nodes(s);
  graph::GraphData data;
  data.graph = nodes.graph;
  data.graph_offsets = {0, nodes.graph.num_nodes()};
  data.features.columns = nodes.features.columns();
  data.features.dense.assign(nodes.features.data(),
                             nodes.features.data() + nodes.features.rows() * nodes.features.columns());
  data.num_classes = classes;
  data.labels = nodes.labels;
  data.splits = {nodes.split};
  train::FullBatchSource source(data);
  const double prepared = seconds_since(start);
  learn::Model model = model_of(s, layers, false);
  start = Clock::now();
  const auto history = train::train(model, source, {}, train_options());
  print_row("full", layers, prepared, seconds_since(start), {0, std::numeric_limits<double>::quiet_NaN()},
            history.back().train_loss, peak);
}

void run_layers(const Settings& s, std::int64_t layers) {
  const PeakMemory peak;
  auto start = Clock::now();
  const Nodes nodes(s);
  train::LayerwiseOptions options;
  options.layers = static_cast<int>(layers);
  options.hidden = s.number("hidden");
  options.batch_rows = s.number("rows");
  options.epochs_per_layer = 1;
  options.scratch = s.folder;
  options.seed = static_cast<std::uint64_t>(s.number("seed"));
  const double prepared = seconds_since(start);
  start = Clock::now();
  const train::LayerwiseResult result = train::train_layerwise(nodes.data, options);
  print_row("layers", layers, prepared, seconds_since(start), {0, result.scores.test}, result.layers.back().losses.back(), peak);
}

/// In a process of its own, so that its peak is its own.
template <typename Body>
void in_a_process(const Body& body) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    int code = 0;
    try {
      body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "bench_cluster_memory: %s\n", error.what());
      code = 1;
    }
    std::fflush(stdout);
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) std::printf("ended with status %d\n", status);
}

}  // namespace

int main(int count, char** arguments) try {
  if (count < 2) throw std::runtime_error("usage: bench_cluster_memory FOLDER [NAME=VALUE ...]");
  Settings s;
  s.folder = arguments[1];
  for (int i = 2; i < count; ++i) {
    const std::string word = arguments[i];
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos || !s.text.contains(word.substr(0, equals)))
      throw std::runtime_error("expected NAME=VALUE with a known name, got " + word);
    s.text[word.substr(0, equals)] = word.substr(equals + 1);
  }
  learn::keep_freed_memory();
  in_a_process([&] { generate(s); });
  const std::string mode = s.text.at("mode");
  if (mode != "full" && mode != "layers")
    in_a_process([&] {
      const PeakMemory peak;
      const auto start = Clock::now();
      const Nodes nodes(s);
      auto options = cluster_options(s);
      options.precompute = false;
      const train::ClusterSource source(nodes.data, options);
      std::printf(
          "%lld nodes, %lld edges, %lld parts, %.3f cut, imbalance %.2f; partition%s %.0f s, resident %.0f "
          "MiB, own %.0f MiB\n",
          static_cast<long long>(nodes.graph.num_nodes()),
          static_cast<long long>(nodes.graph.num_edges() / 2), static_cast<long long>(options.parts),
          source.partition().cut_fraction, source.partition().imbalance,
          source.partition_was_kept() ? " read:" : ":", seconds_since(start), status_mib("VmHWM"),
          peak.own.load());
    });
  std::printf("%-9s %6s %10s %10s %9s %9s %9s %8s %8s\n", "mode", "layers", "prepare s", "work s", "resident",
              "own", "mapped", "loss", "test");
  for (const std::int64_t layers : s.layers())
    in_a_process([&] {
      if (mode == "full")
        run_full(s, layers);
      else if (mode == "layers")
        run_layers(s, layers);
      else if (mode == "evaluate")
        run_evaluation(s, layers);
      else
        run_clusters(s, layers);
    });
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_cluster_memory: %s\n", error.what());
  return 1;
}
