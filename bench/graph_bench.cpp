// How fast are the sparse products of graph networks, against libraries and against what the memory gives?
//
// usage: bench_graph [--torch] [--runs N] [CASE...]
// Cases (default: all): cora, arxiv (uniform random), local (near the diagonal), large, orders (communities
// under random names, then reordered), features (a sparse bag of words, forward and backward). Each case is y
// = A x in float32, on 1 and on 2 threads, minimum and median of N runs. Peers: SuiteSparse:GraphBLAS where
// this program was built with it; with --torch, torch's CSR product (and the dense one of a bag of words)
// through bench/torch_graph.py by the interpreter named in TERN_PYTHON (default python3). "Of bound" is the
// time that the product's bytes (a row of x an edge, the edges, y) take at the rate at which memory is read
// in order, measured beside it, over the time it takes: above 100% where rows of x are found in the caches.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#ifdef TERN_BENCH_GRAPHBLAS
#include <complex>
extern "C" {
#include <GraphBLAS.h>  // C without a guard for C++
}
#endif
#include <fmt/format.h>

#include "base/seed.hpp"
#include "base/threads.hpp"
#include "graph/block_model.hpp"
#include "graph/build.hpp"
#include "graph/graph_file.hpp"
#include "graph/normalise.hpp"
#include "graph/partition/partition.hpp"
#include "graph/reorder.hpp"
#include "graph/transform.hpp"
#include "kernels/graph/bf16.hpp"
#include "kernels/graph/spmm.hpp"
#include "kernels/isa.hpp"

namespace {

using tern::graph::Graph;
using tern::kernels::Csr;

struct Times {
  double least = 1e30, median = 1e30;
};

Times times_of(int runs, const std::function<void()>& work) {
  std::vector<double> seconds;
  work();
  for (int run = 0; run < runs; ++run) {
    const auto start = std::chrono::steady_clock::now();
    work();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(seconds.begin(), seconds.end());
  return {seconds.front(), seconds[seconds.size() / 2]};
}

struct Free {
  void operator()(void* p) const { std::free(p); }
};
template <typename T>
std::unique_ptr<T, Free> buffer(std::int64_t count) {
  const std::size_t bytes = (static_cast<std::size_t>(count) * sizeof(T) + 63) / 64 * 64;
  std::unique_ptr<T, Free> out(static_cast<T*>(std::aligned_alloc(64, bytes)));
  std::fill(out.get(), out.get() + count, T{1});
  return out;
}

struct Case {
  std::string name;
  std::int64_t nodes, edges, f;
  std::int64_t reach;  ///< edges go at most this far; 0: anywhere
};

/// Exactly `edges` entries at uniform places, or near the diagonal.
Graph random_graph(const Case& c) {
  tern::Rng rng(1);
  tern::graph::EdgeList list{c.nodes, {}, {}, {}};
  for (std::int64_t e = 0; e < c.edges; ++e) {
    const auto u = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(c.nodes)));
    std::int64_t v = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(c.nodes)));
    if (c.reach > 0) v = (u + c.nodes + v % (2 * c.reach) - c.reach) % c.nodes;
    list.source.push_back(static_cast<std::int32_t>(u));
    list.target.push_back(static_cast<std::int32_t>(v));
    list.weight.push_back(0.5F);
  }
  return build_graph(list, {false, false, tern::graph::SelfLoops::keep});
}

Csr csr_of(const Graph& graph) {
  return {graph.num_nodes(), graph.num_nodes(), graph.rowptr().data(), graph.col().data(),
          graph.is_weighted() ? graph.weight().data() : nullptr};
}

/// Adds up `count` floats in order. REQUIRES: a multiple of 64.
__attribute__((target_clones("arch=x86-64-v4", "avx2", "default"))) void read_all(const float* x,
                                                                                  std::int64_t count) {
  float sums[64] = {};
  for (std::int64_t k = 0; k < count; k += 64)
    for (std::int64_t i = 0; i < 64; ++i) sums[i] += x[k + i];
  asm volatile("" : : "r"(sums) : "memory");
}

/// Bytes a second at which memory larger than the caches is read in order.
double read_rate(int runs) {
  constexpr std::int64_t blocks = 1 << 20;  // 256 MiB
  const auto x = buffer<float>(blocks * 64);
  const Times t = times_of(runs, [&] {
    tern::parallel_for(blocks, 1, [&](std::int64_t first, std::int64_t last) {
      read_all(x.get() + 64 * first, 64 * (last - first));
    });
  });
  return static_cast<double>(blocks) * 256 / t.least;
}

#ifdef TERN_BENCH_GRAPHBLAS
Times graphblas(const Graph& graph, std::int64_t f, int threads, int runs) {
  const auto n = static_cast<GrB_Index>(graph.num_nodes()), m = static_cast<GrB_Index>(graph.num_edges());
  GxB_Global_Option_set(GxB_GLOBAL_NTHREADS, threads);
  std::vector<GrB_Index> rows(m), columns(m);
  for (std::int64_t u = 0; u < graph.num_nodes(); ++u)
    for (std::int64_t e = graph.rowptr()[static_cast<std::size_t>(u)];
         e < graph.rowptr()[static_cast<std::size_t>(u) + 1]; ++e) {
      rows[static_cast<std::size_t>(e)] = static_cast<GrB_Index>(u);
      columns[static_cast<std::size_t>(e)] = static_cast<GrB_Index>(graph.col()[static_cast<std::size_t>(e)]);
    }
  GrB_Matrix a, x, y;
  GrB_Matrix_new(&a, GrB_FP32, n, n);
  GrB_Matrix_new(&x, GrB_FP32, n, static_cast<GrB_Index>(f));
  GrB_Matrix_new(&y, GrB_FP32, n, static_cast<GrB_Index>(f));
  GrB_Matrix_build_FP32(a, rows.data(), columns.data(), graph.weight().data(), m, GrB_PLUS_FP32);
  GrB_Matrix_assign_FP32(x, nullptr, nullptr, 1.0F, GrB_ALL, n, GrB_ALL, static_cast<GrB_Index>(f), nullptr);
  GrB_Matrix_wait(a, GrB_MATERIALIZE);
  GrB_Matrix_wait(x, GrB_MATERIALIZE);
  const Times out = times_of(runs, [&] {
    GrB_mxm(y, nullptr, nullptr, GrB_PLUS_TIMES_SEMIRING_FP32, a, x, nullptr);
    GrB_Matrix_wait(y, GrB_MATERIALIZE);
  });
  GrB_Matrix_free(&a);
  GrB_Matrix_free(&x);
  GrB_Matrix_free(&y);
  return out;
}
#endif

/// What the peer's script prints for one case: "MINIMUM MEDIAN" in seconds.
bool torch(const std::string& arguments, int threads, int runs, Times& out) {
  const char* python = std::getenv("TERN_PYTHON");
  const std::string command = fmt::format(
      "env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE ATEN_CPU_CAPABILITY=avx512 OMP_WAIT_POLICY=passive "
      "OMP_NUM_THREADS={} '{}' '{}/bench/torch_graph.py' {} {}",
      threads, python != nullptr ? python : "python3", TERN_SOURCE_DIR, runs, arguments);
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return false;
  const bool read = std::fscanf(pipe, "%lf %lf", &out.least, &out.median) == 2;
  return pclose(pipe) == 0 && read;
}

void print(const char* who, const Times& t, const Times& ours, const std::string& more = {}) {
  fmt::print("    {:<22} {:>9.3f} {:>9.3f} ms   {:>6.2f}x {:>6.2f}x   {}\n", who, t.least * 1e3,
             t.median * 1e3, t.least / ours.least, t.median / ours.median, more);
  std::fflush(stdout);
}

void product(const Case& c, int runs, bool with_torch) {
  const Graph graph = random_graph(c);
  const auto x = buffer<float>(c.nodes * c.f), y = buffer<float>(c.nodes * c.f);
  auto half = buffer<std::uint16_t>(c.nodes * c.f), half_y = buffer<std::uint16_t>(c.nodes * c.f);
  tern::kernels::to_bf16(c.nodes * c.f, x.get(), half.get());
  const tern::graph::Scales scales = scales_of(graph, tern::graph::Normalisation::gcn);
  fmt::print("{}: {} nodes, {} edges, f {}{}\n", c.name, c.nodes, graph.num_edges(), c.f,
             c.reach > 0 ? fmt::format(", at most {} apart", c.reach) : "");
  for (int threads = 1; threads <= 2; ++threads) {
    tern::set_num_threads(threads);
    fmt::print("  {} thread{}: minimum, median; how many times ours\n", threads, threads > 1 ? "s" : "");
    const Csr a = csr_of(graph);
    const Times ours = times_of(runs, [&] { tern::kernels::spmm(a, c.f, x.get(), y.get()); });
    const double rate = read_rate(std::min(runs, 9));
    const double edges = static_cast<double>(graph.num_edges()), f = static_cast<double>(c.f);
    const double bytes = edges * (4 * f + 8) + 4 * f * static_cast<double>(c.nodes);
    print("tern", ours, ours,
          fmt::format("{:.1f} GFLOP/s, {:.1f} GB/s, {:.0f}% of bound ({:.1f} GB/s)",
                      2 * edges * f / ours.least / 1e9, bytes / ours.least / 1e9,
                      100 * bytes / rate / ours.least, rate / 1e9));
    Csr plain = a;
    plain.value = nullptr;
    print("tern, GCN fused",
          times_of(runs,
                   [&] {
                     tern::kernels::spmm(
                         plain, c.f, x.get(), y.get(),
                         {scales.row.data(), scales.column.data(), scales.self.data(), nullptr, nullptr});
                   }),
          ours);
    print("tern, bf16", times_of(runs, [&] { tern::kernels::spmm(a, c.f, half.get(), half_y.get()); }), ours);
#ifdef TERN_BENCH_GRAPHBLAS
    print("GraphBLAS", graphblas(graph, c.f, threads, std::min(runs, 5)), ours);
#endif
    Times peer;
    if (with_torch && torch(fmt::format("spmm {} {} {} {}", c.nodes, graph.num_edges(), c.f, c.reach),
                            threads, std::min(runs, 5), peer))
      print("torch CSR", peer, ours);
  }
}

/// What an order of nodes brings on a graph of communities whose nodes have random names.
void orders(int runs) {
  const std::int64_t nodes = 169343, f = 128, parts = 400;
  const std::string path =
      (std::filesystem::temp_directory_path() / fmt::format("bench_graph_{}", ::getpid())).string();
  tern::graph::BlockModelOptions options{nodes, 1166243, 200, 0.95};
  write_block_model(path, options);
  const Graph random = tern::graph::map_graph(path);
  std::filesystem::remove(path);
  const auto partition = tern::graph::partition(random, parts);
  const std::pair<std::string, Graph> cases[] = {
      {"as generated", random},
      {"reverse Cuthill-McKee", relabel(random, reverse_cuthill_mckee(random))},
      {fmt::format("by {} parts", parts),
       relabel(random, tern::graph::order_by_part(partition.part, parts))}};
  const auto x = buffer<float>(nodes * f), y = buffer<float>(nodes * f);
  fmt::print("orders: {} nodes, {} edges, f {}, 200 blocks; {} cuts {:.1f}%\n", nodes, random.num_edges(), f,
             partition.method, 100 * partition.cut_fraction);
  for (int threads = 1; threads <= 2; ++threads) {
    tern::set_num_threads(threads);
    fmt::print("  {} thread{}: times of the first\n", threads, threads > 1 ? "s" : "");
    Times first;
    for (const auto& [name, graph] : cases) {
      const Times t = times_of(runs, [&] { tern::kernels::spmm(csr_of(graph), f, x.get(), y.get()); });
      if (first.least > 1e29) first = t;
      print(name.c_str(), t, first, fmt::format("mean distance of neighbours {:.0f}", mean_distance(graph)));
    }
  }
}

/// First layer of a GCN on a bag of words the size of Cora's: drop(X) W, and X^T G backward.
void features(int runs, bool with_torch) {
  const std::int64_t nodes = 2708, words = 1433, hidden = 16, entries = 49216;
  tern::Rng rng(1);
  std::vector<std::int64_t> rowptr{0};
  std::vector<std::int32_t> col;
  for (std::int64_t u = 0; u < nodes; ++u) {
    while (static_cast<std::int64_t>(col.size()) < entries * (u + 1) / nodes)
      col.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(words))));
    std::sort(col.begin() + rowptr.back(), col.end());
    rowptr.push_back(static_cast<std::int64_t>(col.size()));
  }
  std::vector<std::int64_t> t_rowptr(static_cast<std::size_t>(words) + 1, 0), entry(col.size());
  std::vector<std::int32_t> t_col(col.size());
  for (const std::int32_t v : col) ++t_rowptr[static_cast<std::size_t>(v) + 1];
  for (std::size_t v = 0; v < static_cast<std::size_t>(words); ++v) t_rowptr[v + 1] += t_rowptr[v];
  std::vector<std::int64_t> next(t_rowptr.begin(), t_rowptr.end() - 1);
  for (std::size_t u = 0; u < static_cast<std::size_t>(nodes); ++u)
    for (auto e = static_cast<std::size_t>(rowptr[u]); e < static_cast<std::size_t>(rowptr[u + 1]); ++e) {
      const auto place = static_cast<std::size_t>(next[static_cast<std::size_t>(col[e])]++);
      t_col[place] = static_cast<std::int32_t>(u);
      entry[place] = static_cast<std::int64_t>(e);
    }
  std::vector<std::uint8_t> keep(col.size());
  for (auto& k : keep) k = rng.below(2) == 1;
  const std::vector<float> value(col.size(), 2.0F);
  const auto weight = buffer<float>(words * hidden), out = buffer<float>(nodes * hidden),
             grad = buffer<float>(words * hidden);
  const Csr x{nodes, words, rowptr.data(), col.data(), value.data()};
  const Csr xt{words, nodes, t_rowptr.data(), t_col.data(), value.data()};
  fmt::print("features: drop(X) W and X^T G, X {} by {} with {} entries, W to {}\n", nodes, words, entries,
             hidden);
  for (int threads = 1; threads <= 2; ++threads) {
    tern::set_num_threads(threads);
    fmt::print("  {} thread{}\n", threads, threads > 1 ? "s" : "");
    const Times ours = times_of(runs * 10, [&] {
      tern::kernels::spmm(x, hidden, weight.get(), out.get(),
                          {nullptr, nullptr, nullptr, keep.data(), nullptr});
      tern::kernels::spmm(xt, hidden, out.get(), grad.get(),
                          {nullptr, nullptr, nullptr, keep.data(), entry.data()});
    });
    print("tern", ours, ours);
    Times peer;
    if (with_torch &&
        torch(fmt::format("features {} {} {} {}", nodes, words, hidden, entries), threads, runs, peer))
      print("torch dense", peer, ours);
  }
}

}  // namespace

int main(int argc, char** argv) {
  bool with_torch = false;
  int runs = 15;
  std::vector<std::string> wanted;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--torch") == 0)
      with_torch = true;
    else if (std::strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
      runs = std::max(1, std::atoi(argv[++i]));
    else
      wanted.emplace_back(argv[i]);
  }
  const Case cases[] = {{"cora", 2708, 13264, 240, 0},
                        {"arxiv", 169343, 2332486, 128, 0},
                        {"local", 169343, 2332486, 128, 2000},
                        {"large", 600000, 8400000, 128, 0}};
  double load = 0;
  getloadavg(&load, 1);
  fmt::print("instruction set {}, load {:.2f}, {} runs\n", name_of(tern::kernels::current_isa()), load, runs);
#ifdef TERN_BENCH_GRAPHBLAS
  GrB_init(GrB_NONBLOCKING);
  GxB_Global_Option_set(GxB_FORMAT, GxB_BY_ROW);
#else
  fmt::print("GraphBLAS skipped: built without it\n");
#endif
  if (!with_torch) fmt::print("torch skipped: no --torch\n");
  const auto is_wanted = [&](const std::string& name) {
    return wanted.empty() || std::find(wanted.begin(), wanted.end(), name) != wanted.end();
  };
  for (const Case& c : cases)
    if (is_wanted(c.name)) product(c, c.nodes < 10000 ? runs * 10 : runs, with_torch);
  if (is_wanted("orders")) orders(runs);
  if (is_wanted("features")) features(runs, with_torch);
  return 0;
}
