// How long does one epoch of GCN on a graph of Cora's size take, beside libtorch's own operations?
//
// usage: bench_gcn_epoch [--threads N] [--runs N] [--data FOLDER]
// An epoch is one full-batch step: dropout, two graph convolutions of 16 features, cross entropy over 140
// nodes, backward, Adam with 5e-4 of the first weight added to its gradient. Ours is the architecture `gcn`
// through learn::forward and train::Optimizer on sparse features; the peer is the same network in this
// program on torch's CSR product and its Adam, once with dense features, as they are usually given to it, and
// once with a CSR matrix of them, whose values alone are dropped. They run in turns. What torch's dense
// product costs is up to the BLAS that it was built with. FOLDER holds Planetoid's files of Cora; without it
// graph and features are random, of the same sizes. With it the accuracy on the test nodes is printed, as
// proof that both learn.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <torch/optim/adam.h>

#include "base/seed.hpp"
#include "base/threads.hpp"
#include "formats/graph/readers.hpp"
#include "graph/build.hpp"
#include "graph/normalise.hpp"
#include "learn/forward.hpp"
#include "learn/losses.hpp"
#include "learn/memory.hpp"
#include "learn/torch.hpp"
#include "train/optimizer.hpp"
#include "zoo/architecture.hpp"

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t num_nodes = 2708, num_edges = 5278, num_features = 1433, num_words = 49216,
                       num_classes = 7;
constexpr double rate = 0.01, decay = 5e-4;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

struct Problem {
  tern::graph::Graph graph;
  std::shared_ptr<const tern::learn::SparseRows> features;
  at::Tensor labels, train, test;  ///< test undefined: labels are random
};

Problem random_problem() {
  tern::Rng rng(1);
  const auto below = [&](std::int64_t count) {
    return static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(count)));
  };
  tern::graph::EdgeList list{num_nodes, {}, {}, {}};
  for (std::int64_t e = 0; e < num_edges; ++e)
    list.source.push_back(below(num_nodes)), list.target.push_back(below(num_nodes));
  std::vector<float> words(static_cast<std::size_t>(num_nodes * num_features), 0.0F);
  for (std::int64_t word = 0; word < num_words; ++word)
    words[static_cast<std::size_t>(below(num_nodes) * num_features + below(num_features))] = 1.0F;
  tern::graph::SparseMatrix matrix = tern::graph::to_sparse(num_nodes, num_features, words);
  tern::graph::normalise_rows(matrix);
  return {build_graph(list),
          std::make_shared<tern::learn::SparseRows>(tern::learn::sparse_rows(std::move(matrix))),
          at::randint(num_classes, {num_nodes}, at::kLong),
          at::arange(140, at::kLong),
          {}};
}

at::Tensor ids(const std::vector<std::int32_t>& nodes) {
  return at::tensor(nodes, at::kInt).to(at::kLong);
}

Problem cora(const std::string& folder) {
  tern::graph::GraphData data = tern::formats::read_planetoid(folder, "cora");
  tern::graph::normalise_rows(data.features.sparse);
  return {
      data.graph,
      std::make_shared<tern::learn::SparseRows>(tern::learn::sparse_rows(std::move(data.features.sparse))),
      ids(data.labels), ids(data.splits.at(0).train), ids(data.splits.at(0).test)};
}

double accuracy(const Problem& problem, const at::Tensor& scores) {
  const at::Tensor right =
      scores.index_select(0, problem.test).argmax(1) == problem.labels.index_select(0, problem.test);
  return 100 * right.to(at::kDouble).mean().item<double>();
}

/// Milliseconds of the parts of one epoch.
struct Epoch {
  double forward = 0, backward = 0, step = 0;
  double all() const { return forward + backward + step; }
};

class Ours {
 public:
  explicit Ours(const Problem& problem)
      : problem_(problem),
        model_(tern::zoo::find_architecture("gcn").build({}), 1),
        optimizer_(model_, {.name = "adam-l2", .weight_decay = decay, .decay_only = "linear1"}),
        targets_(tern::learn::one_hot(problem.labels.index_select(0, problem.train), num_classes, 0)) {
    auto batch = std::make_shared<tern::learn::GraphBatch>();
    batch->graph.sparse = std::make_shared<tern::learn::GraphStructure>(problem.graph);
    batch->features = problem.features;
    options_.graph = batch;
  }

  Epoch epoch() {
    Epoch out;
    auto start = Clock::now();
    options_.training = true;
    ++options_.seed;
    optimizer_.zero_gradients();
    const at::Tensor loss = loss_(scores().index_select(0, problem_.train), targets_);
    out.forward = ms_since(start);
    start = Clock::now();
    loss.backward();
    out.backward = ms_since(start);
    start = Clock::now();
    optimizer_.step(rate);
    out.step = ms_since(start);
    return out;
  }

  at::Tensor evaluated() {
    const c10::NoGradGuard no_grad;
    options_.training = false;
    return scores();
  }

 private:
  at::Tensor scores() { return tern::learn::forward(model_, {}, 1, options_); }

  const Problem& problem_;
  tern::learn::Model model_;
  tern::train::Optimizer optimizer_;
  at::Tensor targets_;
  tern::learn::ForwardOptions options_;
  tern::learn::Loss loss_ = tern::learn::find_loss("ce").loss;
};

class Torchs {
 public:
  Torchs(const Problem& problem, bool is_sparse)
      : problem_(problem),
        is_sparse_(is_sparse),
        x_(to_dense(*problem.features)),
        matrix_(csr(problem.graph)),
        weight1_(glorot(num_features, 16)),
        bias1_(at::zeros({16}).set_requires_grad(true)),
        weight2_(glorot(16, num_classes)),
        bias2_(at::zeros({num_classes}).set_requires_grad(true)),
        targets_(problem.labels.index_select(0, problem.train)),
        optimizer_(groups()) {}

  Epoch epoch() {
    Epoch out;
    auto start = Clock::now();
    optimizer_.zero_grad();
    const at::Tensor loss = at::cross_entropy_loss(scores(true).index_select(0, problem_.train), targets_);
    out.forward = ms_since(start);
    start = Clock::now();
    loss.backward();
    out.backward = ms_since(start);
    start = Clock::now();
    optimizer_.step();
    out.step = ms_since(start);
    return out;
  }

  at::Tensor evaluated() {
    const c10::NoGradGuard no_grad;
    return scores(false);
  }

 private:
  static at::Tensor csr(const tern::graph::Graph& graph) {
    const tern::graph::Graph m = normalise(graph, tern::graph::Normalisation::gcn);
    const std::vector<std::int64_t> rowptr(m.rowptr().begin(), m.rowptr().end());
    const std::vector<std::int32_t> col(m.col().begin(), m.col().end());
    const std::vector<float> weight(m.weight().begin(), m.weight().end());
    return at::sparse_csr_tensor(at::tensor(rowptr, at::kLong), ids(col), at::tensor(weight),
                                 {m.num_nodes(), m.num_nodes()}, csr_options());
  }

  static at::TensorOptions csr_options() { return at::TensorOptions(at::kFloat).layout(at::kSparseCsr); }

  static at::Tensor glorot(std::int64_t in, std::int64_t out) {
    const double bound = std::sqrt(6.0 / static_cast<double>(in + out));
    return at::empty({in, out}).uniform_(-bound, bound).set_requires_grad(true);
  }

  std::vector<torch::optim::OptimizerParamGroup> groups() const {
    using torch::optim::AdamOptions;
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(std::vector<at::Tensor>{weight1_},
                        std::make_unique<AdamOptions>(AdamOptions(rate).weight_decay(decay)));
    groups.emplace_back(std::vector<at::Tensor>{bias1_, weight2_, bias2_},
                        std::make_unique<AdamOptions>(rate));
    return groups;
  }

  at::Tensor dropped_features(bool training) const {
    if (!is_sparse_) return at::dropout(x_, 0.5, training);
    const tern::graph::SparseMatrix& m = *problem_.features->matrix;
    return at::_sparse_csr_tensor_unsafe(rowptr_, col_, at::dropout(value_, 0.5, training),
                                         {m.rows, m.columns}, csr_options());
  }

  at::Tensor scores(bool training) const {
    const at::Tensor hidden =
        at::relu(at::matmul(matrix_, at::matmul(dropped_features(training), weight1_)) + bias1_);
    return at::matmul(matrix_, at::matmul(at::dropout(hidden, 0.5, training), weight2_)) + bias2_;
  }

  const Problem& problem_;
  bool is_sparse_;
  at::Tensor rowptr_ = at::tensor(problem_.features->matrix->rowptr, at::kLong),
             col_ = ids(problem_.features->matrix->col),
             value_ = at::tensor(problem_.features->matrix->value);
  at::Tensor x_, matrix_, weight1_, bias1_, weight2_, bias2_, targets_;
  torch::optim::Adam optimizer_;
};

struct Times {
  std::vector<double> all, forward, backward, step;
  void add(const Epoch& epoch) {
    all.push_back(epoch.all());
    forward.push_back(epoch.forward);
    backward.push_back(epoch.backward);
    step.push_back(epoch.step);
  }
};

std::pair<double, double> least_and_median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values.front(), values[values.size() / 2]};
}

void print(const char* who, const Times& times) {
  fmt::print("{:<16}", who);
  for (const auto* part : {&times.all, &times.forward, &times.backward, &times.step}) {
    const auto [least, median] = least_and_median(*part);
    fmt::print("  {:8.3f} /{:8.3f}", least, median);
  }
  fmt::print("\n");
}

}  // namespace

int main(int argc, char** argv) {
  int threads = 1, runs = 200;
  std::string folder;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--threads") == 0) threads = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--runs") == 0) runs = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--data") == 0) folder = argv[i + 1];
  }
  at::set_num_threads(threads);
  tern::set_num_threads(threads);
  tern::learn::keep_freed_memory();
  at::manual_seed(1);
  const Problem problem = folder.empty() ? random_problem() : cora(folder);
  fmt::print("GCN on {}: {} nodes, {} edges, {} features, {} of them not zero; {} thread(s), {} epochs\n",
             folder.empty() ? "a random graph" : "Cora", problem.graph.num_nodes(), problem.graph.num_edges(),
             num_features, problem.features->matrix->entries(), threads, runs);

  Ours ours(problem);
  Torchs dense(problem, false), sparse(problem, true);
  Times our_times, dense_times, sparse_times;
  constexpr int warm_up = 3;
  for (int run = 0; run < runs + warm_up; ++run) {
    const Epoch a = ours.epoch(), b = dense.epoch(), c = sparse.epoch();
    if (run < warm_up) continue;
    our_times.add(a);
    dense_times.add(b);
    sparse_times.add(c);
  }
  fmt::print(
      "ms, minimum / median              epoch               forward              backward                 "
      "step\n");
  print("tern", our_times);
  print("libtorch, dense", dense_times);
  print("libtorch, sparse", sparse_times);
  const auto [our_least, our_median] = least_and_median(our_times.all);
  for (const auto& [name, times] : {std::pair{"dense", &dense_times}, {"sparse", &sparse_times}}) {
    const auto [least, median] = least_and_median(times->all);
    fmt::print("libtorch with {} features takes {:.1f} times as long (minimum), {:.1f} (median)\n", name,
               least / our_least, median / our_median);
  }
  if (problem.test.defined())
    fmt::print("test accuracy after {} epochs: tern {:.1f}%, libtorch {:.1f}% and {:.1f}%\n", runs + warm_up,
               accuracy(problem, ours.evaluated()), accuracy(problem, dense.evaluated()),
               accuracy(problem, sparse.evaluated()));
  return 0;
}
